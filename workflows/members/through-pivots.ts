import { sleep } from '@temporalio/workflow';

import type { ErrorCode } from '../../schemas/error-codes';
import { type Operation, isCancellation, meaningOf } from '../operation';
import { type Look, lookUntilSeen } from '../pivot/look';

/** An unplanned pivot waits for nobody, and a member that is asked may be the one that died: then all is looked at again. */
const passing: ErrorCode[] = ['StaleEpoch', 'MemberUnreachable', 'PrecheckFailed', 'TimedOut'];
const mostTries = 10;

/** Does a step by what is true now; when that has changed meanwhile, again by what is true then. Every such step is idempotent. */
export async function throughPivots<Result>(
  op: Pick<Operation<unknown>, 'warn' | 'safePoint'>,
  cluster: string,
  work: (look: Look) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    const look = await lookUntilSeen(cluster);
    try {
      return await work(look);
    } catch (error) {
      const { code, message } = meaningOf(error);
      if (isCancellation(error) || tries >= mostTries || !passing.includes(code)) throw error;
      op.warn(`begun again, as the cluster has changed or somebody did not answer (${code}: ${message})`);
      await sleep('3s', { summary: 'before it is looked at again' });
      await op.safePoint('before it is tried again');
    }
  }
}
