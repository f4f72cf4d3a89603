import { type Client, WorkflowNotFoundError } from '@temporalio/client';

import { type Announcement, announcementOf, subscribersOf, type Told } from '../../schemas/announcement';
import { announceId, queues } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';

/** Told again, it is told once: the workflow knows changes by their place. */
export async function tellSubscribers(
  client: Client,
  state: ClusterState,
  event: Announcement['event'],
  operation: string | undefined,
): Promise<void> {
  const { definition } = state;
  const subscribers = subscribersOf(definition);
  if (subscribers.length === 0 && state.revision === undefined) return;
  // Told late, when its deletion is known to everybody already: nothing is begun anew for a cluster that is gone.
  if (event === 'primary' && state.created && (await saidFarewell(client, definition.name)) === state.created) return;
  const announcement = announcementOf(state, new Date().toISOString(), event, operation);
  const told: Told = { announcement, subscribers, ...(state.revision === undefined ? {} : { revision: state.revision }) };
  if (subscribers.length === 0) return takeLeave(client, definition.name, told);
  await client.workflow.signalWithStart('announce', {
    workflowId: announceId(definition.name),
    taskQueue: queues.plans,
    args: [],
    signal: 'tell',
    signalArgs: [told],
    staticSummary: `Tells the subscribers of ${definition.name} who is primary`,
  });
}

/** There is no subscriber any more: whoever tells the last ones hears of it, and nothing is begun. */
async function takeLeave(client: Client, cluster: string, told: Told): Promise<void> {
  try {
    await client.workflow.getHandle(announceId(cluster)).signal<[Told]>('tell', told);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** When the cluster was made whose deletion is the last that the latest workflow of this name was told. */
async function saidFarewell(client: Client, cluster: string): Promise<string | undefined> {
  try {
    const { memo } = await client.workflow.getHandle(announceId(cluster)).describe();
    return (memo as { gone?: string } | undefined)?.gone;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
