import Docker from 'dockerode';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';

import type { Activities } from '../../activities/contracts';
import { createAnnounceActivities } from '../../activities/announce';
import { createOperationActivities } from '../../activities/operation';
import { SecretStore } from '../../activities/secrets';
import { connectDrydock, type DrydockClient } from '../../client';
import { ensureWorkflowBundle } from '../../platform/bundle';
import { until } from '../../platform/process';
import type { Progress } from '../../schemas/operation';
import { registerSearchAttributes } from '../../workers/search-attributes';
import { createWorkers, type WorkerGroup } from '../../workers/workers';
import { installQuietRuntime, testLog as log } from './quiet-runtime';
import { SimulatedCluster } from './simulated-cluster';
import { TestTemporal } from './temporal';

/** The real workflows on a real Temporal server, over simulated clusters: one per name, made when it is first asked for. */
export class Simulation {
  private readonly clusters = new Map<string, SimulatedCluster>();

  private workers?: WorkerGroup;
  private running?: Promise<void>;

  private constructor(
    readonly temporal: TestTemporal,
    readonly drydock: DrydockClient,
    readonly client: Client,
    private readonly connection: NativeConnection,
    private readonly bundle: string,
  ) {}

  static async start(): Promise<Simulation> {
    installQuietRuntime();
    const bundle = await ensureWorkflowBundle();
    const temporal = await TestTemporal.start();
    const { address } = temporal;
    const [connection, plain] = await Promise.all([NativeConnection.connect({ address }), Connection.connect({ address })]);
    await registerSearchAttributes(connection, 'default', log);
    const drydock = await connectDrydock({ address, home: temporal.home.root });
    const simulation = new Simulation(temporal, drydock, new Client({ connection: plain }), connection, bundle);
    await simulation.startWorkers();
    return simulation;
  }

  async startWorkers(): Promise<void> {
    const { home } = this.temporal;
    const environment = {
      instance: 'simulation',
      home: home.root,
      secrets: new SecretStore(home.secrets),
      // Known, and never asked: the activities are the simulation's.
      hosts: new Map([['local', { name: 'local', engine: new Docker() }]]),
      client: this.client,
      log,
    };
    const contract = { ...createOperationActivities(environment), ...createAnnounceActivities(environment) };
    this.workers = await createWorkers({
      connection: this.connection,
      namespace: 'default',
      queues: ['plans', 'guard', 'switch', 'work', 'observe'],
      observer: 'simulated',
      activities: { ...this.activities(), ...contract },
      workflows: { workflowBundle: { codePath: this.bundle } },
    });
    this.running = this.workers.run();
  }

  async stopWorkers(): Promise<void> {
    await this.workers?.stop();
    await this.running?.catch(() => undefined);
  }

  cluster(name: string): SimulatedCluster {
    const known = this.clusters.get(name) ?? new SimulatedCluster(name);
    this.clusters.set(name, known);
    return known;
  }

  /** Waits until the progress of an operation is as wanted. */
  async when(id: string, condition: (progress: Progress) => boolean): Promise<Progress> {
    let last: Progress | undefined;
    const seen = await until(
      async () => {
        last = (await this.drydock.show(id)).progress;
        return last !== undefined && condition(last);
      },
      20_000,
      25,
    );
    if (!seen || !last) throw new Error(`${id} never came there: ${JSON.stringify(last)}`);
    return last;
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.drydock.close();
    await this.client.connection.close();
    await this.connection.close();
    await this.temporal.stop();
  }

  /** Each call goes to the cluster that its arguments name. */
  private activities(): Partial<Activities> {
    const names = Object.keys(new SimulatedCluster('none').activities) as (keyof SimulatedCluster['activities'])[];
    return Object.fromEntries(
      names.map((name) => [
        name,
        (...args: never[]) => (this.cluster(clusterOf(args)).activities[name] as (...given: never[]) => Promise<unknown>)(...args),
      ]),
    );
  }
}

/** Name of the cluster in an activity's arguments; members of simulated clusters are told apart by nothing else than the call before. */
function clusterOf(args: readonly unknown[]): string {
  for (const argument of args) {
    const name = nameIn(argument);
    if (name) return name;
  }
  const text = args.find((argument) => typeof argument === 'string');
  return typeof text === 'string' ? text : 'db';
}

function nameIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { definition, state, engine, name, administrator } = value as Record<string, unknown>;
  if ((typeof engine === 'string' || administrator !== undefined) && typeof name === 'string') return name;
  return nameIn(definition) ?? nameIn(state);
}
