import type { ClusterView, DrydockClient, OperationSummary, OperationView } from '../../../client/contract';
import type { CliContext } from '../../../cli/context';
import { plain } from '../../../cli/output/style';
import { run } from '../../../cli/run';
import type { Progress, StepProgress } from '../../../schemas/operation';

/** Noon, so that times of the day are the same in every zone on the same day. */
export const noon = new Date(2026, 10, 24, 12, 0, 0);
export const after = (ms: number): string => new Date(noon.getTime() + ms).toISOString();

export const progress = (change: Partial<Progress> = {}): Progress => ({
  operation: 'pivot/orders/7',
  type: 'pivot',
  target: 'cluster/orders',
  phase: 'preparing',
  state: 'running',
  steps: [],
  rollback: { possible: true, loses: 'nothing' },
  controls: [],
  allowed: ['pause', 'abort'],
  warnings: [],
  dryRun: false,
  ...change,
});

export const step = (name: string, state: StepProgress['state'], from?: number, to?: number, detail?: string): StepProgress => ({
  name,
  state,
  startedAt: from === undefined ? undefined : after(from),
  endedAt: to === undefined ? undefined : after(to),
  detail,
});

export const operation = (change: Partial<OperationView> = {}): OperationView => ({
  id: 'pivot/orders/7',
  runId: 'run',
  type: 'pivot',
  target: 'cluster/orders',
  phase: 'preparing',
  status: 'RUNNING',
  startedAt: after(0),
  pending: [],
  progress: progress(),
  ...change,
});

export const orders: ClusterView = {
  name: 'orders',
  engine: 'mysql',
  version: '8.0',
  durability: 'semi-sync',
  epoch: 3,
  primary: { name: 'orders-2', address: '10.213.0.3:3306' },
  replicas: [
    { name: 'orders-1', address: '10.213.0.2:3306', state: 'replicating', lagSeconds: 0 },
    { name: 'orders-3', address: '10.213.0.4:3306', state: 'stopped', lagSeconds: null },
  ],
  routers: [{ name: 'router-1', write: { host: '127.0.0.1', port: 15001 }, read: { host: '127.0.0.1', port: 15002 }, epoch: 3 }],
  endpoints: { write: { host: '127.0.0.1', port: 15001 }, read: { host: '127.0.0.1', port: 15002 } },
  credentials: { application: { user: 'app', passwordFile: '/home/ada/.drydock/secrets/clusters/orders/application' } },
  guard: 'watching',
  findings: [{ diagnosis: 'ReplicationBroken', member: 'orders-3', detail: 'the applier stopped: duplicate key' }],
};

export interface Fake {
  /** What `start` was called with. */
  started: { type: string; input: unknown }[];
  controls: { id: string; control: string; request: unknown }[];
  maintenance: { cluster: string; order: unknown }[];
  client: Partial<DrydockClient>;
  answers: string[];
  terminal: Partial<CliContext['terminal']>;
  platform: Partial<CliContext['platform']>;
  interrupt: AbortController;
}

export interface Outcome {
  code: number;
  out: string;
  err: string;
  fake: Fake;
  json(): unknown;
}

/** A client whose operations yield the given views in turn, the last one being how they ended. */
export function fakeClient(fake: Fake, views: OperationView[]): DrydockClient {
  const last = views.at(-1) ?? operation();
  return {
    start: (type, input) => {
      fake.started.push({ type, input });
      return Promise.resolve(last.id);
    },
    result: () => Promise.reject(new Error('not used')),
    show: () => Promise.resolve(last),
    list: () => Promise.resolve(views satisfies OperationSummary[]),
    async *watch() {
      for (const view of views) yield await Promise.resolve(view);
    },
    control: (id, control, request) => {
      fake.controls.push({ id, control, request });
      return Promise.resolve({ message: 'pauses before the switch', operation: id });
    },
    maintenance: (cluster, order) => {
      fake.maintenance.push({ cluster, order });
      return Promise.resolve({ message: 'the guard watches and starts nothing' });
    },
    cluster: () => Promise.resolve(orders),
    clusters: () => Promise.resolve([orders]),
    close: () => Promise.resolve(),
    ...fake.client,
  };
}

/** Runs a command line against the fakes; what it wrote comes without colours. */
export async function drydock(argv: string[], views: OperationView[] = [], change: Partial<Fake> = {}): Promise<Outcome> {
  const fake: Fake = {
    started: [],
    controls: [],
    maintenance: [],
    client: {},
    answers: [],
    terminal: {},
    platform: {},
    interrupt: new AbortController(),
    ...change,
  };
  let out = '';
  let err = '';
  const context: CliContext = {
    terminal: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      columns: 100,
      rows: 40,
      live: false,
      colourOut: false,
      colourErr: false,
      interactive: false,
      ask: () => Promise.resolve(fake.answers.shift() ?? ''),
      ...fake.terminal,
    },
    connect: () => Promise.resolve(fakeClient(fake, views)),
    address: () => '127.0.0.1:7233',
    platform: {
      up: () => Promise.reject(new Error('not used')),
      down: () => Promise.reject(new Error('not used')),
      doctor: () => Promise.reject(new Error('not used')),
      hosts: () => Promise.reject(new Error('not used')),
      ...fake.platform,
    },
    exitCode: 0,
    interrupt: fake.interrupt.signal,
    now: () => noon,
    person: 'ada',
    program: 'npx drydock',
  };
  const code = await run(argv, context);
  return { code, out: plain(out), err: plain(err), fake, json: () => JSON.parse(out) as unknown };
}
