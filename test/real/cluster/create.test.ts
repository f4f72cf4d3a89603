import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import { labels } from '../../../schemas/names';
import type { CreationPreview, DeletionResult } from '../../../schemas/creation';
import type { ClusterState } from '../../../schemas/topology';
import { Scenario } from '../../support/scenario';

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.start({ images: ['drydock/mariadb:10.11', 'drydock/haproxy:3.0'] });
});
afterAll(() => scenario?.stop());

const shop = { name: 'shop', engine: 'mariadb', version: '10.11', replicas: 2 } as const;

/** Names of everything that the engine has of a cluster. */
async function objects(cluster: string): Promise<string[]> {
  const filters = { label: [`${labels.instance}=${scenario.platform.instance}`, `${labels.target}=cluster/${cluster}`] };
  const { Volumes } = await scenario.engine.listVolumes({ filters });
  return [
    ...(await scenario.engine.listContainers({ all: true, filters })).map((each) => `container ${each.Names[0]}`),
    ...(await scenario.engine.listNetworks({ filters })).map((each) => `network ${each.Name}`),
    ...(Volumes ?? []).map((each) => `volume ${each.Name}`),
  ];
}

const secretsOf = (cluster: string): boolean => existsSync(scenario.environment.secrets.path(`clusters/${cluster}`));
const create = (input: object): Promise<ClusterState> => scenario.run<ClusterState>('createCluster', input);
const refusal = async (type: 'createCluster' | 'deleteCluster', input: object) =>
  scenario.failureOf(await scenario.drydock.start(type, input));

test('a dry run says what would be made and makes nothing', async () => {
  const preview = await scenario.run<CreationPreview>('createCluster', { cluster: shop, dryRun: true });
  expect(preview).toMatchObject({
    exists: false,
    image: 'drydock/mariadb:10.11',
    firstPrimary: 'shop-1',
    members: [{ name: 'shop-1' }, { name: 'shop-2' }, { name: 'shop-3' }],
    routers: [{ name: 'shop-router-1' }],
  });
  expect(await objects('shop')).toEqual([]);
  expect(secretsOf('shop')).toBe(false);
});

test('rules that can not work are refused at once, all together', async () => {
  const error = await refusal('createCluster', {
    cluster: { ...shop, candidates: { prefer: ['shop-9'], never: ['shop-1', 'shop-7'] } },
  });
  expect(error).toMatchObject({ code: 'InvalidInput' });
  expect(error.problems.map(({ path }) => path)).toEqual([
    'cluster.candidates.prefer.0',
    'cluster.candidates.never.1',
    'cluster.candidates',
  ]);
  expect(await objects('shop')).toEqual([]);
});

test('a cluster is made that takes writes and serves reads; again it is found as it is; another one of its name is refused', async () => {
  const state = await scenario.run<ClusterState>('createCluster', { cluster: shop }, 'the-same-id');
  expect(state).toMatchObject({ epoch: 1, primary: 'shop-1', progress: { state: 'done' } });

  const cluster = await scenario.findCluster('shop');
  const application = await cluster.application();
  const writer = await createConnection(application);
  await writer.query('CREATE TABLE greeting (id INT PRIMARY KEY, text VARCHAR(20))');
  await writer.query("INSERT INTO greeting VALUES (1, 'hello')");
  await writer.end();
  const rows = async () => {
    const reader = await createConnection({ ...application, ...cluster.read });
    try {
      return (await reader.query('SELECT text, @@server_id AS server FROM greeting'))[0] as { text: string; server: number }[];
    } finally {
      await reader.end();
    }
  };
  await sleep(300);
  const [row] = await rows();
  expect(row?.text).toBe('hello');
  expect([2, 3]).toContain(row?.server);
  await cluster.untilConverged();

  const from = Date.now();
  const again = await create({ cluster: shop });
  expect(again).toMatchObject({ epoch: 1, primary: 'shop-1', members: state.members, routers: state.routers });
  expect(Date.now() - from).toBeLessThan(5000);
  expect((await rows())[0]?.text).toBe('hello');

  const error = await refusal('createCluster', { cluster: { ...shop, durability: 'async', settings: { max_connections: '300' } } });
  expect(error).toMatchObject({ code: 'AlreadyExists' });
  expect(error.problems.map(({ path }) => path)).toEqual(['cluster.durability', 'cluster.settings.max_connections']);
});

test('it is deleted only as expected, and keeps its data; a new one does not start on old data', async () => {
  const wrong = await refusal('deleteCluster', { cluster: 'shop', expect: { primary: 'shop-2', epoch: 4 } });
  expect(wrong).toMatchObject({ code: 'ExpectationFailed' });
  expect(wrong.problems).toHaveLength(2);
  const preview = await scenario.run<DeletionResult>('deleteCluster', { cluster: 'shop', dryRun: true });
  expect(preview.removed).toHaveLength(4);
  expect(preview.kept).toHaveLength(4);
  // Each member has a holder of its address.
  expect((await objects('shop')).filter((each) => each.startsWith('container'))).toHaveLength(4 + 3);

  const deleted = await scenario.run<DeletionResult>('deleteCluster', { cluster: 'shop', expect: { primary: 'shop-1', epoch: 1 } });
  expect(deleted.kept).toHaveLength(4);
  expect((await objects('shop')).every((each) => each.startsWith('volume'))).toBe(true);
  expect(secretsOf('shop')).toBe(true);
  expect((await scenario.temporal.workflow.getHandle('guard/shop').describe()).status.name).not.toBe('RUNNING');

  // Under the id of the run that made it: what it undoes is what it made itself, never what an earlier run of this id made.
  const refused = await scenario.failureOf(await scenario.drydock.start('createCluster', { cluster: shop }, { id: 'the-same-id' }));
  expect(refused).toMatchObject({ code: 'AlreadyExists' });
  expect(refused.message).toContain('--delete-data');
  expect(await objects('shop')).toHaveLength(3);
  expect(secretsOf('shop')).toBe(true);

  const gone = await scenario.run<DeletionResult>('deleteCluster', { cluster: 'shop', deleteData: true });
  expect(gone.removed).toHaveLength(3);
  expect(await objects('shop')).toEqual([]);
  expect(secretsOf('shop')).toBe(false);
  expect(await refusal('deleteCluster', { cluster: 'shop', deleteData: true })).toMatchObject({ code: 'UnknownCluster' });
  expect(await refusal('deleteCluster', { cluster: 'shop' })).toMatchObject({ code: 'UnknownCluster' });
});

test.each(['create members and routers', 'initialise the members', 'open the first primary'])(
  'an abort during "%s" removes everything that was made',
  async (name) => {
    const id = await scenario.drydock.start('createCluster', { cluster: { ...shop, name: 'aborted' } });
    await scenario.untilProgress(id, ({ steps }) => steps.some((step) => step.name === name && step.state !== 'waiting'));
    await scenario.drydock.control(id, 'abort', { by: 'a test' });
    expect(await scenario.failureOf(id)).toMatchObject({ code: 'Aborted' });
    expect(await objects('aborted')).toEqual([]);
    expect(secretsOf('aborted')).toBe(false);
  },
);

test('a creation that was terminated is completed by the next one', async () => {
  const cluster = { ...shop, name: 'orphan' };
  const id = await scenario.drydock.start('createCluster', { cluster });
  await scenario.untilProgress(id, ({ steps }) =>
    steps.some(({ name, state }) => name === 'initialise the members' && state !== 'waiting'),
  );
  await scenario.temporal.workflow.getHandle(id).terminate('a test');
  const state = await create({ cluster });
  expect(state).toMatchObject({ epoch: 1, primary: 'orphan-1' });
  await (await scenario.findCluster('orphan')).untilConverged();
  await scenario.run('deleteCluster', { cluster: 'orphan', deleteData: true });
  expect(await objects('orphan')).toEqual([]);
});

test('a worker that dies in mid-creation is replaced; rules say who is opened first; every router is told', async () => {
  const id = await scenario.drydock.start('createCluster', {
    cluster: { ...shop, name: 'rules', routers: 2, candidates: { prefer: ['rules-3'], never: [] } },
  });
  await scenario.untilProgress(id, ({ steps }) =>
    steps.some(({ name, state }) => name === 'create members and routers' && state === 'running'),
  );
  const [worker] = scenario.platform.workers;
  if (worker) process.kill(worker.pid, 'SIGKILL');
  await scenario.platform.startWorker();
  const state = await scenario.drydock.result<ClusterState>(id);
  expect(state).toMatchObject({ epoch: 1, primary: 'rules-3' });
  const cluster = await scenario.findCluster('rules');
  await cluster.untilConverged();
  const application = await cluster.application();
  for (const router of cluster.cluster.routers) {
    const client = await createConnection({ ...application, ...router.write });
    expect((await client.query('SELECT @@server_id AS server'))[0]).toEqual([{ server: 3 }]);
    await client.end();
  }
  // It stays until the end, where everything is searched for its secrets.
});
