import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Connection } from '@temporalio/client';
import type Docker from 'dockerode';

import { ensureEngine } from './engine';
import type { Say } from './errors';
import { ensureImages } from './images';
import { removeObjects } from './objects';
import { homeAt, type Home, instanceOf, openHome } from './paths';
import { endProcess, isAlive, until } from './process';
import { recordedProcess, recordProcess, wasRecorded } from './process-file';
import { startTemporal, type TemporalServer } from './temporal';
import { startWorker, type WorkerHandle, workerPolls } from './worker';

export interface PlatformOptions {
  /** Images that must be there; built when missing. */
  images?: string[];
  /** Worker processes to start; 1 by default. */
  workers?: number;
  /** Added to the environment of every worker. */
  env?: NodeJS.ProcessEnv;
  say?: Say;
}

/** A whole installation of its own: what tests and benchmarks run against. Nothing of it is shared but the engine and its images. */
export interface Platform {
  home: Home;
  instance: string;
  /** Of the Temporal server, whose namespace is `default`. */
  address: string;
  uiUrl: string;
  workers: WorkerHandle[];
  /** Starts one more worker and waits until it polls. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<WorkerHandle>;
  temporal: {
    readonly pid: number;
    /** SIGKILL, as a crash would. */
    kill(): Promise<void>;
    /** Starts it again on the same ports and database. */
    start(): Promise<void>;
  };
  /** Ends all of it, and removes every Docker object of the instance and the home. */
  stop(): Promise<void>;
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const say = options.say ?? (() => undefined);
  const engine = await ensureEngine(say);
  await ensureImages(engine, options.images ?? [], say);
  await sweep(engine, say);
  const home = await openHome(await mkdtemp(join(tmpdir(), prefix)));
  await recordProcess(home, owner, process.pid, {});
  const instance = await instanceOf(home);
  let server: TemporalServer = await startTemporal({ home, ports: 'free', detached: false, say });
  const { address, uiUrl } = server;
  const workers: WorkerHandle[] = [];
  let count = 0;

  const startOne = async (env: NodeJS.ProcessEnv = {}): Promise<WorkerHandle> => {
    const name = `worker-${++count}`;
    const worker = await startWorker({ home, name, address, namespace: 'default', detached: false, env: { ...options.env, ...env } });
    workers.push(worker);
    const connection = await Connection.connect({ address });
    try {
      await workerPolls(worker, connection, 'default');
    } finally {
      await connection.close();
    }
    return worker;
  };

  const platform: Platform = {
    home,
    instance,
    address,
    uiUrl,
    workers,
    startWorker: startOne,
    temporal: {
      get pid() {
        return server.pid;
      },
      async kill() {
        const { pid } = server;
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
        await until(() => !isAlive(pid), 5000, 5);
      },
      async start() {
        const [port, uiPort] = [address, uiUrl].map((text) => Number(text.split(':').at(-1)));
        server = await startTemporal({ home, ports: { port: port ?? 0, uiPort: uiPort ?? 0 }, detached: false, say });
      },
    },
    async stop() {
      // What is under way is of no use to anybody now: nothing is asked to end gently, so that nothing is created behind our back.
      for (const worker of workers) worker.kill('SIGKILL');
      await until(() => workers.every(({ pid }) => !isAlive(pid)), 5000, 10);
      await endProcess(server.pid, 5000);
      await removeObjects(engine, instance);
      await rm(home.root, { recursive: true, force: true });
    },
  };
  try {
    await Promise.all(Array.from({ length: options.workers ?? 1 }, () => startOne()));
  } catch (error) {
    await platform.stop();
    throw error;
  }
  return platform;
}

const prefix = 'drydock-instance-';
const owner = 'owner';

/** Ends and removes what processes that were killed before they could stop() have left behind. */
async function sweep(engine: Docker, say: Say): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(prefix))) {
    const home = homeAt(join(tmpdir(), name));
    // One without the record is being made by another process at this moment, is empty, or is another user's.
    if (!wasRecorded(home, owner) || (await recordedProcess(home, owner))) continue;
    say(`removing what an interrupted run left: ${home.root}`);
    for (const file of await readdir(home.run)) {
      const left = await recordedProcess(home, file.replace(/\.json$/, ''));
      if (left) process.kill(left.pid, 'SIGKILL');
    }
    await removeObjects(engine, await instanceOf(home));
    await rm(home.root, { recursive: true, force: true });
  }
}

/** Gives `work` a platform of its own and ends it whatever happens. */
export async function withPlatform<Result>(options: PlatformOptions, work: (platform: Platform) => Promise<Result>): Promise<Result> {
  const platform = await startPlatform(options);
  try {
    return await work(platform);
  } finally {
    await platform.stop();
  }
}
