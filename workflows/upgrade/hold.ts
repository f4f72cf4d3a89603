import { CancellationScope, sleep } from '@temporalio/workflow';

import { codeOf, meaningOf, type Operation } from '../operation';

const longestPauseSeconds = 60;

/** While a person is waited for, the guard may bring members back and others may pivot: what is true is looked at afterwards. Also an abort has the hold again. */
export async function withoutHold<Result>(op: Operation<unknown>, wait: () => Promise<Result>): Promise<Result> {
  await op.hold.release();
  try {
    return await wait();
  } finally {
    await CancellationScope.nonCancellable(() => takeHoldAgain(op));
  }
}

/** A pivot, or a heal of the guard, is waited for. */
export async function takeHoldAgain(op: Operation<unknown>): Promise<void> {
  for (let pause = 1; ; pause = Math.min(longestPauseSeconds, pause * 2)) {
    try {
      return await op.hold.take();
    } catch (error) {
      if (codeOf(error) !== 'Conflict') throw error;
      op.warn(`waits: ${meaningOf(error).message}`);
      await sleep(pause * 1000, { summary: 'until the cluster is free' });
    }
  }
}
