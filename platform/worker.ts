import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Connection } from '@temporalio/client';

import { queues } from '../schemas/names';
import { ensureWorkflowBundle } from './bundle';
import { PlatformError } from './errors';
import { checkout, type Home } from './paths';
import { endProcess, isAlive, startDaemon, tailOf, until } from './process';
import { forgetProcess, recordedProcess, recordProcess, type Started } from './process-file';

export interface WorkerOptions {
  home: Home;
  /** Name of its process file and log: `worker-1`. */
  name: string;
  address: string;
  namespace: string;
  /** Where Prometheus finds its metrics, `127.0.0.1:9464`; none when not given. */
  metricsAddress?: string;
  detached: boolean;
  /** Added to this process's environment, such as DRYDOCK_QUEUES. */
  env?: NodeJS.ProcessEnv;
}

export interface WorkerHandle {
  name: string;
  pid: number;
  log: string;
  metricsUrl?: string;
  /** SIGKILL when none is named; SIGSTOP and SIGCONT serve to test a worker that hangs. */
  kill(signal?: NodeJS.Signals): void;
  /** Lets what it has begun end, for 60 s at most. */
  stop(): Promise<void>;
}

/** What is kept of a running worker: a later `up` sees by it whether the worker is the one that it wants. */
interface WorkerRecord {
  bundle: string;
  address: string;
  namespace: string;
  metricsUrl?: string;
}

/**
 * Without a bound V8 lets garbage grow to four times of what lives, in the main thread and in that of the plans; with one of 1 GiB, which is
 * never needed, to less than twice. A young generation of 16 MB in each thread is of no use to either. images/worker has the same.
 */
const nodeOptions = ['--max-old-space-size=1024', '--max-semi-space-size=4'];

/** A shut-down lets work end: 15 s of grace for a switch, 30 s until what does not listen is left behind. */
const graceMs = 60_000;

/** Starts a worker process. It connects by itself, and again when Temporal was away; `pollersOf` tells when it works. */
export async function startWorker(options: WorkerOptions): Promise<WorkerHandle> {
  const bundle = await ensureWorkflowBundle();
  const log = join(options.home.logs, `${options.name}.log`);
  const child = startDaemon(process.execPath, [...nodeOptions, '--import', 'tsx', join(checkout, 'workers', 'main.ts')], {
    log,
    cwd: checkout,
    detached: options.detached,
    env: {
      ...process.env,
      ...options.env,
      DRYDOCK_HOME: options.home.root,
      DRYDOCK_WORKFLOW_BUNDLE: bundle,
      TEMPORAL_ADDRESS: options.address,
      TEMPORAL_NAMESPACE: options.namespace,
      ...(options.metricsAddress ? { DRYDOCK_METRICS_ADDRESS: options.metricsAddress } : {}),
    },
  });
  const metricsUrl = options.metricsAddress && `http://${options.metricsAddress}/metrics`;
  const { address, namespace } = options;
  await recordProcess<WorkerRecord>(options.home, options.name, child.pid, { bundle, address, namespace, metricsUrl });
  return {
    name: options.name,
    pid: child.pid,
    log,
    metricsUrl,
    kill: (signal = 'SIGKILL') => void (isAlive(child.pid) && process.kill(child.pid, signal)),
    stop: () => stopWorker(options.home, options.name),
  };
}

export const runningWorker = (home: Home, name: string): Promise<(WorkerRecord & Started) | undefined> => recordedProcess(home, name);

/** Ends a worker of this installation; a no-op when it does not run. */
export async function stopWorker(home: Home, name: string): Promise<void> {
  const record = await runningWorker(home, name);
  if (record) {
    // One that was stopped by SIGSTOP hears SIGTERM only when it goes on.
    process.kill(record.pid, 'SIGCONT');
    await endProcess(record.pid, graceMs);
  }
  await forgetProcess(home, name);
}

/** Identities of who polled the queue of plans within the last seconds; a worker's is `<pid>@<host>`. */
export async function pollersOf(connection: Connection, namespace: string): Promise<string[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queues.plans },
    taskQueueType: 1,
  });
  const recent = Date.now() / 1000 - 70;
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > recent)
    .map(({ identity }) => identity ?? '');
}

/** Waits until a worker polls. Throws PlatformError with the end of its log when it ended or did not poll in time. */
export async function workerPolls(worker: WorkerHandle, connection: Connection, namespace: string): Promise<void> {
  const identity = `${worker.pid}@${hostname()}`;
  const polls = async (): Promise<boolean> => (await pollersOf(connection, namespace)).includes(identity);
  const ready = await until(async () => !isAlive(worker.pid) || (await polls()), 60_000, 100);
  if (ready && isAlive(worker.pid)) return;
  throw new PlatformError('Internal', `the worker did not start to work. The end of ${worker.log}:\n${tailOf(worker.log)}`);
}
