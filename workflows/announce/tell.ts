import { CancellationScope, proxyActivities } from '@temporalio/workflow';

import type { AnnounceActivities } from '../../activities/contracts';
import { type Announcement, subscribersOf } from '../../schemas/announcement';
import { queues } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import { meaningOf, type Operation, summarised } from '../operation';

/** On the queue of the plans, where bulk work can not delay it. */
export const announcing = proxyActivities<AnnounceActivities>({
  taskQueue: queues.plans,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/** Hands a change over to `announce/<cluster>`. Answers why it could not; never throws: who tells has more important things to do. */
export async function tellOnce(state: ClusterState, event: Announcement['event'], operation?: string): Promise<string | undefined> {
  const { definition, epoch } = state;
  // A list that was changed may have become empty: those who were on it are told no more.
  if (subscribersOf(definition).length === 0 && state.revision === undefined) return undefined;
  try {
    const summary = `tell the subscribers of ${definition.name}: ${event === 'deleted' ? 'deleted' : `epoch ${epoch}`}`;
    await CancellationScope.nonCancellable(() => summarised(announcing.tellSubscribers, summary)(state, event, operation));
    return undefined;
  } catch (error) {
    return meaningOf(error).message;
  }
}

/** The same for an operation, which warns when nobody was told. */
export async function tell(op: Operation<unknown>, state: ClusterState, event: Announcement['event']): Promise<void> {
  const problem = await tellOnce(state, event, op.id);
  if (problem !== undefined)
    op.warn(`subscribers were not told of ${event === 'deleted' ? 'the deletion' : `epoch ${state.epoch}`}: ${problem}`);
}
