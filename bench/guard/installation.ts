import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';

import { type Home, openHome } from '../../platform/paths';
import { endProcess } from '../../platform/process';
import { startTemporal, type TemporalServer } from '../../platform/temporal';
import { startWorker, type WorkerHandle, workerPolls } from '../../platform/worker';
import { Fleet } from './fleet';
import type { GuardBenchOptions } from './options';

/** Temporal's server and workers as `up` starts them, over simulated clusters in place of an engine. */
export class Installation {
  private constructor(
    readonly home: Home,
    readonly fleet: Fleet,
    readonly temporal: TemporalServer,
    readonly client: Client,
    readonly workers: WorkerHandle[],
  ) {}

  static async start(options: GuardBenchOptions, say: (text: string) => void): Promise<Installation> {
    const home = await openHome(await mkdtemp(join(tmpdir(), 'drydock-bench-guard-')));
    const fleet = await Fleet.start(home.root, options.clusters);
    say(`${options.clusters} simulated clusters listen`);
    const temporal = await startTemporal({ home, ports: 'free', detached: false, say });
    const { address } = temporal;
    const connection = await Connection.connect({ address });
    const installation = new Installation(home, fleet, temporal, new Client({ connection }), []);
    try {
      for (let number = 1; number <= options.workers; number++) {
        const env = { DOCKER_HOST: `unix://${fleet.engine}`, ...(number === 1 ? profiling(options.profile) : {}) };
        const worker = await startWorker({ home, name: `worker-${number}`, address, namespace: 'default', detached: false, env });
        installation.workers.push(worker);
        await workerPolls(worker, connection, 'default');
      }
      return installation;
    } catch (error) {
      await installation.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.client.connection.close().catch(() => undefined);
    for (const worker of this.workers) worker.kill('SIGKILL');
    await endProcess(this.temporal.pid, 5000);
    this.fleet.stop();
    await rm(this.home.root, { recursive: true, force: true });
  }
}

const profiling = (file: string | undefined): NodeJS.ProcessEnv =>
  file === undefined ? {} : { NODE_OPTIONS: `--require ${join(__dirname, 'profile.cjs')}`, DRYDOCK_BENCH_PROFILE: file };
