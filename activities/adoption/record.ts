import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';

import { adoptedId, queues } from '../../schemas/names';
import type { Cluster } from '../../schemas/topology';

/**
 * What exists of a cluster that others made is written down in the memo of the workflow `adopted/<cluster>`: it is seen by every worker, it
 * outlives them and every engine, and the server alone answers for it. Who is primary is not in it: the journal in the cluster tells.
 */
export async function recordAdoption(client: Client, cluster: Cluster): Promise<void> {
  const { name } = cluster.definition;
  const startWorkflowOperation = new WithStartWorkflowOperation('adopted', {
    workflowId: adoptedId(name),
    taskQueue: queues.plans,
    args: [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `What exists of cluster ${name}, which others made`,
  });
  await client.workflow.executeUpdateWithStart<() => Promise<void>, void, [Cluster]>('record', { args: [cluster], startWorkflowOperation });
}

/** Nothing happens when there is no record. */
export async function forgetAdoption(client: Client, cluster: string): Promise<void> {
  try {
    await client.workflow.getHandle(adoptedId(cluster)).executeUpdate('forget');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

export async function readAdoption(client: Client, cluster: string): Promise<Cluster | null> {
  try {
    const { status, memo } = await client.workflow.getHandle(adoptedId(cluster)).describe();
    return status.name === 'RUNNING' ? ((memo?.['cluster'] as Cluster | undefined) ?? null) : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
