/** The guard's workflow on a real Temporal server, with hands that only write down what they are asked to do. */
import { join } from 'node:path';

import { Context } from '@temporalio/activity';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import pino from 'pino';

import { validateInput } from '../../../activities/operation/validate';
import { failure } from '../../../activities/failure';
import type { ErrorCode } from '../../../schemas/error-codes';
import type { Finding, GuardView, WatchInput, WatchReport } from '../../../schemas/guard';
import { guardId, queues } from '../../../schemas/names';
import type { Observation } from '../../../schemas/observation';
import type { GuardEvidence } from '../../../schemas/pivot';
import type { Say, Watchers } from '../../../schemas/sight';
import type { ClusterState } from '../../../schemas/topology';
import { payloadConverterPath } from '../../../workers/data-converter';
import { registerSearchAttributes } from '../../../workers/search-attributes';
import { createWorkers, type WorkerGroup } from '../../../workers/workers';
import { TestTemporal } from '../../support/temporal';
import { until } from '../../../platform/process';
import { type Fixture, load } from '../../unit/guard/fixture';

export interface Call {
  name: string;
  args: unknown[];
  at: number;
}

/** One cluster as the test wants it to look. */
export class World {
  readonly calls: Call[] = [];
  readonly watches: WatchInput[] = [];
  state: ClusterState;
  observation: Observation;
  verdict: 'safe' | 'diverged' = 'safe';
  /** Told with every report. */
  watchers?: Watchers;
  /** What an observer says of the primary, by its name. */
  readonly says = new Map<string, () => Promise<Say>>();
  /** What fails, by name of the activity. */
  failing = new Map<string, ErrorCode>();
  /** What does not end before it is cancelled, by name of the activity. */
  readonly hanging = new Set<string>();
  order: (evidence: GuardEvidence) => Promise<{ epoch: number; primary: string } | { fail: string }> = (evidence) =>
    Promise.resolve({ epoch: evidence.state.epoch + 1, primary: 'db-2' });
  private waiting?: (report: WatchReport) => void;
  private pending: WatchReport[] = [];

  constructor(readonly name: string) {
    const { state, observation } = load({});
    this.state = { ...state, definition: { ...state.definition, name } };
    this.observation = observation;
  }

  /** What the next watch, or the present one, reports. */
  report(findings: Finding[], fixture: Partial<Fixture> = {}, kind: WatchReport['kind'] = 'changed'): void {
    const { observation } = load({ ...fixture });
    this.observation = observation;
    const report: WatchReport = { kind, findings, observation, firstSignAt: new Date().toISOString(), watchers: this.watchers };
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting) waiting(report);
    else this.pending.push(report);
  }

  async watchCluster(input: WatchInput): Promise<WatchReport> {
    this.watches.push(input);
    const next = this.pending.shift();
    if (next) return next;
    return beating(Promise.race([new Promise<WatchReport>((resolve) => (this.waiting = resolve)), Context.current().cancelled]));
  }

  async call(name: string, args: unknown[]): Promise<unknown> {
    this.calls.push({ name, args, at: Date.now() });
    const code = this.failing.get(name);
    if (code) throw failure(code, `stub: ${name}`, [], false);
    if (this.hanging.has(name)) return beating(Context.current().cancelled);
    if (name === 'describeCluster') return this.state;
    if (name === 'observeCluster') return this.observation;
    if (name === 'compareWithPrimary') return { rejoin: this.verdict, reason: 'stub' };
    if (name === 'orderPivot') return this.order(args[0] as GuardEvidence);
    if (name === 'tellRouters') return { confirmed: ['r-1'], missing: [] };
    return {};
  }

  /** How often an observer was asked. */
  asked(observer: string): number {
    return this.named(`observe as ${observer}`).length;
  }

  named(name: string): Call[] {
    return this.calls.filter((call) => call.name === name);
  }

  async waitFor(name: string, count = 1): Promise<Call[]> {
    if (!(await until(() => Promise.resolve(this.named(name).length >= count), 15_000, 10)))
      throw new Error(
        `${name} was called ${this.named(name).length} times, expected ${count}: ${this.calls.map((call) => call.name).join(', ')}`,
      );
    return this.named(name);
  }
}

/** Says that it is alive until it has ended: cancellation comes with the answer. */
async function beating<Result>(work: Promise<Result>): Promise<Result> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  try {
    return await work;
  } finally {
    clearInterval(beat);
  }
}

const recorded = [
  'describeCluster',
  'observeCluster',
  'startMember',
  'createMember',
  'stopMember',
  'replaceVolume',
  'initialiseMember',
  'seedMember',
  'compareWithPrimary',
  'followPrimary',
  'applyRole',
  'reopenPrimary',
  'tellRouters',
  'acquireHold',
  'releaseHold',
  'orderPivot',
];

/** Which cluster a call is about: the first argument that names one. */
function clusterOf(args: unknown[]): string | undefined {
  for (const argument of args) {
    if (typeof argument === 'string') {
      const name = argument.replace(/^(cluster|guard|pivot)\//, '').split('/')[0];
      if (name?.startsWith('c')) return name;
    }
    const fields = argument as { definition?: { name: string }; state?: ClusterState; name?: string } | null;
    const name = fields?.definition?.name ?? fields?.state?.definition.name ?? (fields?.name?.startsWith('c') ? fields.name : undefined);
    if (name) return name;
  }
  return undefined;
}

export class GuardKit {
  private readonly worlds = new Map<string, World>();
  private workers?: WorkerGroup;
  private running?: Promise<void>;
  private readonly observers: { workers: WorkerGroup; running: Promise<void> }[] = [];
  private connection!: NativeConnection;
  client!: Client;

  private constructor(readonly temporal: TestTemporal) {}

  static async start(): Promise<GuardKit> {
    const kit = new GuardKit(await TestTemporal.start());
    const connection = await NativeConnection.connect({ address: kit.temporal.address });
    const log = pino({ level: 'silent' });
    await registerSearchAttributes(connection, 'default', log);
    kit.connection = connection;
    kit.client = new Client({ connection: await Connection.connect({ address: kit.temporal.address }) });
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(__dirname, 'stub', 'index.ts'),
      payloadConverterPath,
      logger: new DefaultLogger('ERROR'),
    });
    const activities: Record<string, (...args: never[]) => Promise<unknown>> = {
      validateInput: (type: string, input: unknown) => Promise.resolve().then(() => validateInput(type, input)),
      watchCluster: (input: WatchInput) => kit.world(input.state.definition.name).watchCluster(input),
    };
    for (const name of recorded)
      activities[name] = (...args: unknown[]) => {
        const cluster = clusterOf(args) ?? clusterOf([Context.current().info.workflowExecution?.workflowId]);
        return kit.world(cluster ?? '').call(name, args);
      };
    kit.workers = await createWorkers({
      connection,
      namespace: 'default',
      queues: ['plans', 'guard', 'switch', 'work'],
      activities: activities,
      workflows: { workflowBundle: { code } },
    });
    kit.running = kit.workers.run();
    return kit;
  }

  world(name: string): World {
    const world = this.worlds.get(name);
    if (!world) throw new Error(`no world ${name}`);
    return world;
  }

  /** A worker on the queue of that observer. */
  async startObserver(observer: string): Promise<void> {
    const observePrimary = async (state: ClusterState) => {
      const world = this.world(state.definition.name);
      await world.call(`observe as ${observer}`, [state]);
      const says = (await world.says.get(observer)?.()) ?? 'blind';
      return { observer, says, detail: `${state.primary} as ${observer} sees it` };
    };
    const { connection } = this;
    const load = { connection, namespace: 'default', queues: ['observe' as const], workflows: { workflowBundle: { code: '' } } };
    const workers = await createWorkers({ ...load, observer, activities: { observePrimary } });
    this.observers.push({ workers, running: workers.run() });
  }

  private count = 0;

  /** A cluster of its own, watched. */
  async guard(input: Record<string, unknown> = {}): Promise<{ world: World; handle: WorkflowHandle }> {
    const name = `c${++this.count}`;
    const world = new World(name);
    this.worlds.set(name, world);
    const handle = await this.client.workflow.start('guardCluster', {
      workflowId: guardId(name),
      taskQueue: queues.plans,
      args: [{ cluster: name, ...input }],
    });
    await until(() => Promise.resolve(world.watches.length > 0), 15_000, 10);
    return { world, handle };
  }

  view(handle: WorkflowHandle): Promise<GuardView> {
    return handle.query<GuardView>('cluster');
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.observers.map(async ({ workers, running }) => {
        await workers.stop();
        await running;
      }),
    );
    await this.workers?.stop();
    await this.running;
    await this.client.connection.close();
    await this.temporal.stop();
  }
}
