import { type NativeConnection, Worker, type WorkerOptions as SdkOptions } from '@temporalio/worker';

import type { Activities } from '../activities/contracts';
import { observerQueue, queues } from '../schemas/names';
import { payloadConverterPath } from './data-converter';
import { heartbeatInterceptor } from './heartbeat';
import type { QueueName } from './options';
import { targetInterceptor } from './target';
import { noSinks, type Tracing } from './tracing';

/**
 * The server hands tasks to polls of a worker that was stopped or cut off, too, and each of them costs a time-out of 2 s before another
 * worker gets it: so where time counts a worker polls with few. Two is the least for plans, one of them for the worker's sticky queue.
 */
const FEW_POLLS = 2;

/**
 * One worker guards 200 clusters within its budget of memory and CPU (bench/guard). It takes more than that all the same: when another worker
 * died, a cluster that is watched by a busy worker is better off than one that nobody watches. A watch that was given up keeps its slot
 * until it hears of it, a second later at most.
 */
const MOST_WATCHES = 500;

/** The plain `maxConcurrent...Polls` of the SDK 1.24 are not passed on: ten polls it would be. */
const polls = (maximum: number) => ({ type: 'simple-maximum', maximum }) as const;

/** How work of each kind is run. Slots are per queue: bulk work can not take those of a pivot. */
const settings: Record<QueueName, Partial<SdkOptions>> = {
  plans: {
    maxConcurrentWorkflowTaskExecutions: 40,
    workflowTaskPollerBehavior: polls(FEW_POLLS),
    maxCachedWorkflows: 500,
    reuseV8Context: true,
    workflowThreadPoolSize: 1,
    // A dead worker's workflows wait this long before another takes them.
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentActivityTaskExecutions: 50,
    activityTaskPollerBehavior: polls(FEW_POLLS),
    shutdownGraceTime: '5s',
  },
  // Watches end at once and are resumed elsewhere.
  guard: {
    maxConcurrentActivityTaskExecutions: MOST_WATCHES,
    activityTaskPollerBehavior: polls(FEW_POLLS),
    shutdownGraceTime: '1ms',
    maxHeartbeatThrottleInterval: '200ms',
  },
  // Asked when a primary is doubted: of every cluster at once, when a switch between hosts fails.
  observe: {
    maxConcurrentActivityTaskExecutions: MOST_WATCHES,
    activityTaskPollerBehavior: polls(FEW_POLLS),
    shutdownGraceTime: '1ms',
  },
  // Longer than the bound of a switch: one that has begun is finished here.
  switch: {
    maxConcurrentActivityTaskExecutions: 20,
    activityTaskPollerBehavior: polls(1),
    shutdownGraceTime: '15s',
    maxHeartbeatThrottleInterval: '200ms',
  },
  work: {
    maxConcurrentActivityTaskExecutions: 40,
    activityTaskPollerBehavior: polls(5),
    shutdownGraceTime: '10s',
    maxHeartbeatThrottleInterval: '500ms',
  },
};

export interface Workload {
  connection: NativeConnection;
  namespace: string;
  queues: QueueName[];
  /** Whose questions the queue `observe` takes. */
  observer?: string;
  activities: Partial<Activities>;
  /** Workflow code, prebuilt or to be bundled. */
  workflows: Pick<SdkOptions, 'workflowBundle'> | Pick<SdkOptions, 'workflowsPath'>;
  deployment?: SdkOptions['workerDeploymentOptions'];
  /** Operations leave traces. */
  tracing?: Tracing;
}

/** One Worker per queue, all in this process. Activities of other queues are known to each, so that a queue may be moved without a change here. */
export async function createWorkers(load: Workload): Promise<WorkerGroup> {
  const workers = await Promise.all(
    load.queues.map((queue) =>
      Worker.create({
        connection: load.connection,
        namespace: load.namespace,
        taskQueue: queueOf(queue, load.observer),
        activities: load.activities,
        dataConverter: { payloadConverterPath },
        ...(queue === 'plans' ? load.workflows : {}),
        ...(load.deployment ? { workerDeploymentOptions: load.deployment } : {}),
        defaultHeartbeatThrottleInterval: '200ms',
        // Whatever still runs when the grace is over is cancelled; what does not listen is left behind.
        shutdownForceTime: '30s',
        sinks: load.tracing?.sinks ?? noSinks,
        interceptors: {
          activity: [
            ...(load.tracing ? [load.tracing.activities] : []),
            targetInterceptor,
            ...(queue === 'work' ? [heartbeatInterceptor] : []),
          ],
        },
        ...settings[queue],
      }),
    ),
  );
  return new WorkerGroup(workers.map((worker, index) => ({ worker, plans: load.queues[index] === 'plans' })));
}

function queueOf(queue: QueueName, observer: string | undefined): string {
  if (queue !== 'observe') return queues[queue];
  if (observer === undefined) throw new Error('a worker that observes has a name');
  return observerQueue(observer);
}

/** The Workers of one process: they run together, fail together, and end in an order that loses no task. */
export class WorkerGroup {
  private running: { worker: Worker; plans: boolean; ended: Promise<void> }[] = [];

  constructor(private readonly workers: { worker: Worker; plans: boolean }[]) {}

  /** Resolves when all have ended. When one fails the others are ended too, so that all start again together. */
  async run(): Promise<void> {
    this.running = this.workers.map(({ worker, plans }) => ({ worker, plans, ended: worker.run() }));
    try {
      await Promise.all(this.running.map(({ ended }) => ended));
    } finally {
      await this.stop();
    }
  }

  /**
   * Activities first: a task that the server hands out to a poll that is being given up is lost until its time-out, and plans
   * that hear of the last results meanwhile go on here or elsewhere.
   */
  async stop(): Promise<void> {
    await end(this.running.filter(({ plans }) => !plans));
    await end(this.running.filter(({ plans }) => plans));
  }
}

async function end(running: { worker: Worker; ended: Promise<void> }[]): Promise<void> {
  for (const { worker } of running) if (worker.getState() === 'RUNNING') worker.shutdown();
  await Promise.allSettled(running.map(({ ended }) => ended));
}
