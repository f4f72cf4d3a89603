import type { Client } from '@temporalio/client';

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
  if (subscribers.length === 0) return;
  const told: Told = { announcement: announcementOf(state, new Date().toISOString(), event, operation), subscribers };
  await client.workflow.signalWithStart('announce', {
    workflowId: announceId(definition.name),
    taskQueue: queues.plans,
    args: [],
    signal: 'tell',
    signalArgs: [told],
    staticSummary: `Tells the subscribers of ${definition.name} who is primary`,
  });
}
