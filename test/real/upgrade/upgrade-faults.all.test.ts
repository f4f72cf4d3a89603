/** An upgrade that does not go through: aborted in its phases, a failed verification, and a primary that dies before, in and after the cut-over. */
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { objectsOf, takenOn, untilGate, untilStep, type Upgraded } from './kit';
import { fill, write } from './suite';

jest.setTimeout(280_000);

const pair = { engine: 'mysql', from: '8.0', to: '9.7' } as const;

let scenario: Scenario;
let cluster: TestCluster;

beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ name: 'shop', engine: pair.engine, version: pair.from });
  await fill(cluster, pair);
});
afterAll(() => scenario?.stop());

const begin = (steps: unknown[] = [], more: object = {}): Promise<string> =>
  scenario.drydock.start('upgrade', { cluster: 'shop', to: { version: pair.to }, steps: [takenOn, ...steps], ...more });

const next = (): number =>
  Math.max(
    ...cluster.cluster.members.map(({ serverId }) => serverId),
    ...(cluster.cluster.removed ?? []).map((name) => Number(name.slice(5))),
  ) + 1;

/** Nothing is left of an aborted upgrade, and the cluster is as it was. */
const leavesNothing = async (id: string, first: number): Promise<void> => {
  expect(await scenario.failureOf(id)).toMatchObject({ code: 'Aborted' });
  cluster = await scenario.findCluster('shop');
  expect(cluster.cluster.members.map(({ name }) => name)).toEqual(['shop-1', 'shop-2', 'shop-3']);
  expect(cluster.cluster.upgrade).toBeUndefined();
  expect(cluster.cluster.definition).toMatchObject({ version: '8.0', replicas: 2 });
  expect(await objectsOf(scenario, cluster, [first, first + 1, first + 2])).toEqual([]);
  const { primary } = await cluster.untilConverged();
  const [{ clients } = { clients: 0 }] = await cluster.ask<{ clients: number }>(
    primary,
    "SELECT VARIABLE_VALUE AS clients FROM performance_schema.global_status WHERE VARIABLE_NAME IN ('Rpl_semi_sync_source_clients', 'Rpl_semi_sync_master_clients')",
  );
  expect(Number(clients)).toBe(2);
};

test('aborted in the middle of the build: nothing is left', async () => {
  const first = next();
  const id = await begin();
  await untilStep(scenario, id, 'build the new members');
  await until('a new server', 60_000, async () => ((await objectsOf(scenario, cluster, [first])).length > 2 ? {} : 'none yet'));
  await scenario.drydock.control(id, 'abort', { by: 'test' });
  await leavesNothing(id, first);
});

test('aborted at the gate before the cut-over: nothing is left', async () => {
  const first = next();
  const id = await begin([], { approval: { gates: ['before-switch'] } });
  await untilGate(scenario, id, 'before-switch');
  await scenario.drydock.control(id, 'abort', { by: 'test' });
  await leavesNothing(id, first);
});

test('an assertion that does not hold waits for a person; the primary dies meanwhile, and an old member takes its place; when it holds, it goes on', async () => {
  const id = await begin([
    { step: 'verify', assertions: [{ name: 'sign', sql: 'SELECT COUNT(*) FROM app.many WHERE word = "sign"', expect: 1 }] },
  ]);
  const { waitsFor } = await untilGate(scenario, id, 'verify-again');
  expect(waitsFor?.what).toMatch(/assertion sign found \[\["0"\]\]/);
  const before = await cluster.state();
  await cluster.container(before.primary).kill();
  const after = await cluster.untilEpoch(before.epoch + 1);
  expect(['shop-1', 'shop-2', 'shop-3']).toContain(after.primary);
  await write(cluster, "INSERT INTO many (word) VALUES ('sign')");
  await scenario.drydock.control(id, 'approve', { by: 'test' });
  await untilGate(scenario, id, 'end-window');
  cluster = await scenario.findCluster('shop');
  const cut = await cluster.state();
  expect(['shop-1', 'shop-2', 'shop-3']).not.toContain(cut.primary);

  // In the window: a new member takes the place of a new primary that dies, and the way back goes on from there.
  await scenario.forgetPivots(cluster);
  await cluster.untilConverged();
  await cluster.container(cut.primary).kill();
  const moved = await cluster.untilEpoch(cut.epoch + 1);
  expect(['shop-1', 'shop-2', 'shop-3', cut.primary]).not.toContain(moved.primary);
  await write(cluster, "INSERT INTO many (word) VALUES ('after')");
  await cluster.untilConverged();
  await scenario.drydock.control(id, 'rollback', { by: 'test' });
  const { report } = await scenario.drydock.result<Upgraded>(id);
  expect(report).toMatchObject({ outcome: 'rolled-back', rolledBack: { from: moved.primary } });
  cluster = await scenario.findCluster('shop');
  const end = await cluster.untilConverged();
  expect(['shop-1', 'shop-2', 'shop-3']).toContain(end.primary);
  const [row] = await cluster.ask<{ n: number }>(end.primary, "SELECT COUNT(*) AS n FROM app.many WHERE word IN ('sign', 'after')");
  expect(Number(row?.n)).toBe(2);
});
