import { type AnnouncementsView, kindOf, subscribersOf, type SubscriberView } from '../schemas/announcement';
import { announceId } from '../schemas/names';
import type { ClusterState } from '../schemas/topology';
import { answerMs, type ClientContext, within } from './context';

/** What each subscriber of a cluster confirmed. One that nobody told yet has confirmed nothing and waits for the present epoch. */
export async function subscribersOfCluster(context: ClientContext, state: ClusterState): Promise<SubscriberView[]> {
  const subscribers = subscribersOf(state.definition);
  if (subscribers.length === 0) return [];
  const told = await within(context, answerMs, () =>
    context.client.workflow.getHandle(announceId(state.definition.name)).query<AnnouncementsView>('announcements'),
  ).catch(() => undefined);
  return subscribers.map(
    (subscriber): SubscriberView =>
      told?.subscribers.find(({ name }) => name === subscriber.name) ?? {
        name: subscriber.name,
        kind: kindOf(subscriber),
        waiting: [],
        failed: 0,
        lastError: 'not told yet, or no worker answers',
        skipped: 0,
      },
  );
}
