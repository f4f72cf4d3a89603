import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { connectDrydock, type DrydockClient, type DrydockError } from '../../client';
import { findTemporal } from '../../platform/temporal-binary';
import { queues } from '../../schemas/names';
import type { Progress } from '../../schemas/operation';
import { until } from '../../platform/process';
import { TestTemporal } from './temporal';
import { bundleTrials, TrialWorker } from './trial-worker';
import { TrialWorld } from './trial-world';

const execute = promisify(execFile);

/** A real server, a worker in this process, a client and the plain `temporal` command. */
export class TrialKit {
  readonly world = new TrialWorld();
  private count = 0;

  private constructor(
    readonly temporal: TestTemporal,
    readonly drydock: DrydockClient,
    private readonly bundle: { code: string },
    private readonly program: string,
    public worker: TrialWorker,
  ) {}

  static async start(): Promise<TrialKit> {
    const program = await findTemporal(() => undefined);
    const [temporal, bundle] = await Promise.all([TestTemporal.start(), bundleTrials()]);
    const drydock = await connectDrydock({ address: temporal.address, home: temporal.home.root });
    const kit = new TrialKit(temporal, drydock, bundle, program, undefined as never);
    kit.worker = kit.newWorker();
    await kit.worker.start();
    return kit;
  }

  newWorker(): TrialWorker {
    return new TrialWorker(this.temporal, this.bundle, this.world);
  }

  async stop(): Promise<void> {
    await this.drydock.close();
    await this.worker.stop();
    await this.temporal.stop();
  }

  /** A cluster name that no other test of the file uses. */
  fresh(): string {
    return `c${++this.count}`;
  }

  begin(input: unknown, id?: string): Promise<string> {
    return this.drydock.start('trial' as never, input, id ? { id } : {});
  }

  result(id: string): Promise<{ built: string[]; progress: Progress }> {
    return this.drydock.result(id);
  }

  /** The error that an operation ended with. */
  failure(id: string): Promise<DrydockError> {
    return this.drydock.result(id).then(
      (result) => Promise.reject(new Error(`${id} did not fail: ${JSON.stringify(result)}`)),
      (error: DrydockError) => error,
    );
  }

  async progress(id: string): Promise<Progress> {
    const { progress } = await this.drydock.show(id);
    if (!progress) throw new Error(`${id} has no progress`);
    return progress;
  }

  async waitFor(id: string, condition: (progress: Progress) => boolean, what: string): Promise<Progress> {
    let last: Progress | undefined;
    const seen = await until(async () => condition((last = await this.progress(id))), 20_000, 25);
    if (!seen || !last) throw new Error(`${id} was never ${what}: ${JSON.stringify(last, null, 1)}`);
    return last;
  }

  /** The plain command line tool, as users have it. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await execute(this.program, [...args, '--address', this.temporal.address]);
    return stdout;
  }

  /** `temporal workflow signal` with JSON, or without input. */
  async signal(id: string, name: string, input?: string): Promise<void> {
    await this.cli('workflow', 'signal', '--workflow-id', id, '--name', name, ...(input === undefined ? [] : ['--input', input]));
  }

  /** `temporal workflow start`. */
  async startByCli(type: string, id: string, ...inputs: string[]): Promise<void> {
    const input = inputs.flatMap((text) => ['--input', text]);
    await this.cli('workflow', 'start', '--type', type, '--task-queue', queues.plans, '--workflow-id', id, ...input);
  }
}

export const stepStates = ({ steps }: Progress): string[] => steps.map(({ name, state }) => `${name}: ${state}`);
