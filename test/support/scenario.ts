/**
 * A whole installation with clusters in it, made as a user makes them: through the client. What is asserted is read from the
 * servers themselves.
 *
 *   const scenario = await Scenario.start();
 *   const cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
 *   ...
 *   await scenario.stop();   // searches everything for secrets, then removes it
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { Client, Connection } from '@temporalio/client';
import Docker from 'dockerode';
import { pino } from 'pino';

import { createDockerActivities } from '../../activities/docker';
import type { ActivityEnvironment } from '../../activities/environment';
import { connectDrydock, type DrydockClient, DrydockError } from '../../client';
import { findTemporal } from '../../platform/temporal-binary';
import { type Platform, type PlatformOptions, startPlatform } from '../../platform/instance';
import type { ClusterFile } from '../../schemas/cluster';
import { guardId, queues, type WorkflowType } from '../../schemas/names';
import type { Progress } from '../../schemas/operation';
import type { PivotResult } from '../../schemas/pivot';
import type { WorkerHandle } from '../../platform/worker';
import { createEnvironment } from '../../workers/environment';
import { searchForSecrets, type Secret, secretsIn } from './secret-search';
import { TestCluster, until } from './test-cluster';

const execute = promisify(execFile);

export class Scenario {
  readonly engine = new Docker();
  private named = 0;
  private stopping?: Promise<void>;
  /** By reference and value: also those of clusters that were deleted since. */
  private readonly secrets = new Map<string, Secret>();

  private constructor(
    readonly platform: Platform,
    readonly drydock: DrydockClient,
    readonly temporal: Client,
    readonly environment: ActivityEnvironment,
  ) {}

  static async start(options: PlatformOptions = {}): Promise<Scenario> {
    const platform = await startPlatform(options);
    try {
      const { address } = platform;
      const temporal = new Client({ connection: await Connection.connect({ address }) });
      const drydock = await connectDrydock({ address, home: platform.home.root });
      const environment = await createEnvironment(platform.home, temporal, pino({ level: 'silent' }));
      return new Scenario(platform, drydock, temporal, environment);
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  /** One primary and two replicas with semi-sync unless told otherwise. */
  async createCluster(file: Partial<ClusterFile> & Pick<ClusterFile, 'engine' | 'version'>): Promise<TestCluster> {
    const name = file.name ?? `${file.engine}-${file.version.replaceAll('.', '-')}${this.named++ > 0 ? `-${this.named}` : ''}`;
    await this.run('createCluster', { cluster: { ...file, name } });
    return this.findCluster(name);
  }

  async findCluster(name: string): Promise<TestCluster> {
    const cluster = await createDockerActivities(this.environment).describeCluster(name);
    if (!cluster) throw new Error(`no cluster ${name} after it was created`);
    return new TestCluster(this, name, cluster);
  }

  async deleteCluster(cluster: TestCluster): Promise<void> {
    await this.rememberSecrets();
    await this.run('deleteCluster', { cluster: cluster.name, deleteData: true });
  }

  async run<Result = unknown>(type: WorkflowType, input: unknown, id?: string): Promise<Result> {
    try {
      return await this.drydock.result<Result>(await this.drydock.start(type, input, id === undefined ? {} : { id }));
    } catch (error) {
      // A test that fails should say why.
      if (error instanceof DrydockError) error.message += error.problems.map(({ path, message }) => `\n  ${path}: ${message}`).join('');
      throw error;
    }
  }

  async pivot(cluster: TestCluster, input: Record<string, unknown> = {}): Promise<PivotResult> {
    return this.run<PivotResult>('pivot', { cluster: cluster.name, ...input });
  }

  /** The error that an operation ended with. */
  async failureOf(id: string): Promise<DrydockError> {
    return this.drydock.result(id).then(
      (result) => Promise.reject(new Error(`${id} did not fail: ${JSON.stringify(result)}`)),
      (error: DrydockError) => error,
    );
  }

  async untilProgress(id: string, wanted: (progress: Progress) => boolean, timeoutMs = 30_000): Promise<Progress> {
    return until(`progress of ${id}`, timeoutMs, async () => {
      const { progress, failure } = await this.drydock.show(id);
      if (failure) return `it failed: ${failure.message} ${JSON.stringify(failure.problems)}`;
      return progress && wanted(progress) ? progress : `${progress?.state} in phase ${progress?.phase}`;
    });
  }

  /** Until it waits for a person. */
  async untilWaiting(id: string): Promise<Progress> {
    return this.untilProgress(id, ({ state }) => state === 'waiting');
  }

  /** A person lets the guard go on: earlier pivots do not count as flapping any more. */
  async forgetPivots(cluster: TestCluster): Promise<void> {
    const guard = this.temporal.workflow.getHandle(guardId(cluster.name));
    // Only a guard that is held can be resumed.
    await guard.signal('pause', { by: 'test' });
    await guard.signal('resume', { by: 'test' });
  }

  /** The latest pivot of a cluster, whoever started it. */
  async lastPivot(cluster: TestCluster): Promise<string> {
    const { operation } = (await cluster.journal()).at(-1) ?? {};
    if (operation === undefined) throw new Error(`no journal in cluster ${cluster.name}`);
    return operation;
  }

  /** The worker that runs an activity of an operation at this moment. */
  async workerOf(id: string, activity: string): Promise<WorkerHandle> {
    return until(`a worker that runs ${activity}`, 5000, async () => {
      const { raw } = await this.temporal.workflow.getHandle(id).describe();
      const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
      const identity = pending?.lastWorkerIdentity ?? '';
      return this.platform.workers.find(({ pid }) => identity.startsWith(`${pid}@`)) ?? `${identity || 'nobody'} runs it`;
    });
  }

  /** `temporal workflow start` as anyone may type it. */
  async temporalStart(type: string, id: string, input?: string): Promise<void> {
    const inputs = input === undefined ? [] : ['--input', input];
    await this.temporalCommand('workflow', 'start', '--type', type, '--task-queue', queues.plans, '--workflow-id', id, ...inputs);
  }

  async temporalSignal(id: string, name: string, input?: string): Promise<void> {
    const inputs = input === undefined ? [] : ['--input', input];
    await this.temporalCommand('workflow', 'signal', '--workflow-id', id, '--name', name, ...inputs);
  }

  private async temporalCommand(...args: string[]): Promise<void> {
    const program = await findTemporal(() => undefined);
    await execute(program, [...args, '--address', this.platform.address]);
  }

  private async rememberSecrets(): Promise<Secret[]> {
    for (const secret of await secretsIn(this.platform.home.secrets)) this.secrets.set(`${secret.reference} ${secret.value}`, secret);
    return [...this.secrets.values()];
  }

  /** Where a secret in use was found; must be empty. */
  async secretsFound(): Promise<string[]> {
    return searchForSecrets({
      secrets: await this.rememberSecrets(),
      logs: this.platform.home.logs,
      temporal: this.temporal,
      engine: this.engine,
      instance: this.platform.instance,
      processes: [...this.platform.workers.map(({ pid }) => pid), this.platform.temporal.pid],
    });
  }

  /** Ends everything, also when a secret was found: that is thrown afterwards. Whoever asks again waits for the same end. */
  stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    const found = await this.secretsFound().catch((error: Error) => [`the search for secrets failed: ${error.message}`]);
    await this.drydock.close().catch(() => undefined);
    await this.temporal.connection.close().catch(() => undefined);
    await this.platform.stop();
    if (found.length > 0) throw new Error(`secrets were found:\n${found.join('\n')}`);
  }
}
