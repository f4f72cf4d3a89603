import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';

import { clusterTarget, guardId } from '../../schemas/names';

/** Starts the guard, which outlives its starter. One that watches already goes on. */
export async function startGuard(cluster: string): Promise<'started' | 'was watching'> {
  try {
    await startChild('guardCluster', {
      workflowId: guardId(cluster),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ cluster }],
      staticSummary: `Guard of ${clusterTarget(cluster)}`,
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'was watching';
    throw error;
  }
}

/** How long a guard that is being stopped starts nothing more, whatever it sees. */
const standStillMs = 120_000;

/**
 * Stops the guard. It is told first that the primary is fenced on purpose: the signal is in its history before anything that it
 * could see of the deletion, so it starts no pivot. False when there is none.
 */
export async function stopGuard(cluster: string): Promise<boolean> {
  const guard = getExternalWorkflowHandle(guardId(cluster));
  try {
    await guard.signal('expectFencing', { until: new Date(Date.now() + standStillMs).toISOString() });
    await guard.cancel();
    return true;
  } catch {
    // Nobody guards this cluster.
    return false;
  }
}
