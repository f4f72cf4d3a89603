import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { Connection } from '@temporalio/client';

import { connectDrydock, type DrydockClient } from '../../client';
import { findTemporal } from '../../platform/temporal-binary';
import { startWorker, type WorkerHandle, workerPolls } from '../../platform/worker';
import { queues } from '../../schemas/names';
import { TestTemporal } from './temporal';

const execute = promisify(execFile);

/** A Temporal server, the worker process as it is shipped, and the plain `temporal` command; no Docker engine is asked for anything. */
export class TestPlain {
  private constructor(
    readonly temporal: TestTemporal,
    readonly drydock: DrydockClient,
    readonly worker: WorkerHandle,
    private readonly program: string,
  ) {}

  static async start(env: NodeJS.ProcessEnv = {}): Promise<TestPlain> {
    const program = await findTemporal(() => undefined);
    const temporal = await TestTemporal.start();
    const { address, home } = temporal;
    const worker = await startWorker({ home, name: 'worker-1', address, namespace: 'default', detached: false, env });
    const connection = await Connection.connect({ address });
    await workerPolls(worker, connection, 'default');
    await connection.close();
    return new TestPlain(temporal, await connectDrydock({ address, home: home.root }), worker, program);
  }

  async stop(): Promise<void> {
    await this.drydock.close();
    await this.worker.stop();
    await this.temporal.stop();
  }

  async cli(...args: string[]): Promise<string> {
    const { stdout } = await execute(this.program, [...args, '--address', this.temporal.address]);
    return stdout;
  }

  async start(type: string, id: string, input?: string): Promise<void> {
    const given = input === undefined ? [] : ['--input', input];
    await this.cli('workflow', 'start', '--type', type, '--task-queue', queues.plans, '--workflow-id', id, ...given);
  }
}
