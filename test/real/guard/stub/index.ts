/** The real guard, and a pivot that does what the test says. */
import { proxyActivities, ApplicationFailure, getExternalWorkflowHandle } from '@temporalio/workflow';

import { guardId, queues } from '../../../../schemas/names';
import type { GuardEvidence } from '../../../../schemas/pivot';

export { guardCluster } from '../../../../workflows/guard/guard';

export interface StubPivot {
  /** What the pivot shall do: lead to an epoch, or fail with a code. */
  orderPivot(evidence: GuardEvidence): Promise<{ epoch: number; primary: string } | { fail: string }>;
}

const { orderPivot } = proxyActivities<StubPivot>({ taskQueue: queues.work, startToCloseTimeout: '1 minute' });

export async function pivot(input: { cluster: string; evidence: GuardEvidence }): Promise<{ epoch: number }> {
  const order = await orderPivot(input.evidence);
  if ('fail' in order) throw ApplicationFailure.create({ type: order.fail, message: `stub: ${order.fail}`, nonRetryable: true });
  await getExternalWorkflowHandle(guardId(input.cluster)).signal('clusterChanged', order);
  return { epoch: order.epoch };
}
