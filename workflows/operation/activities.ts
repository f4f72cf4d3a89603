/** The activities as workflows call them: one proxy per queue, with time-outs and retries that fit it. */
import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';

import type { Activities, GuardActivities, OperationActivities, SwitchActivities } from '../../activities/contracts';
import { queues } from '../../schemas/names';

/** Retried soon and for as long as it takes: what can not pass later is marked so by the activity. */
const patient = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

/** A compensation begins only when the step that it undoes has ended. */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** Work that may take its time: containers, seeds, checksums. The worker that does it says that it is alive every second. */
export const work = proxyActivities<Activities>({
  taskQueue: queues.work,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '5s',
  retry: patient,
  cancellationType,
});

/** Validation and holds: on the queue of the plans themselves, where bulk work can not delay them and a worker may start them without a hop. */
export const contract = proxyActivities<OperationActivities>({
  taskQueue: queues.plans,
  startToCloseTimeout: '10s',
  retry: patient,
  cancellationType,
});

/** The critical path of a pivot. A dead worker is noticed by the missing heartbeat after 2 s. */
export const critical = proxyActivities<SwitchActivities>({
  taskQueue: queues.switch,
  startToCloseTimeout: '60s',
  heartbeatTimeout: '2s',
  retry: { initialInterval: '50ms', backoffCoefficient: 1.5, maximumInterval: '1s' },
  cancellationType,
});

/** Watching: ends promptly when its worker shuts down, and is resumed elsewhere without back-off. */
export const watching = proxyActivities<GuardActivities>({
  taskQueue: queues.guard,
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '2s',
  retry: { initialInterval: '50ms', backoffCoefficient: 1.5, maximumInterval: '1s' },
  cancellationType,
});

interface Callable<Args extends unknown[], Result> {
  executeWithOptions(options: ActivityOptions, args: Args): Promise<Result>;
}

/** `summarised(work.createMember, 'create db-2')(...)`: the summary (at most 200 bytes are kept) is shown by the Temporal UI. */
export function summarised<Args extends unknown[], Result>(
  activity: Callable<Args, Result>,
  summary: string,
  options: ActivityOptions = {},
): (...args: Args) => Promise<Result> {
  return (...args) => activity.executeWithOptions({ ...options, summary: summary.slice(0, 200) }, args);
}
