/** MySQL 8.0 to 9.7 under 200 writes/s: there and back in the window, then there for good; workers die in between. */
import { type Ledger, startLedger } from '../../../bench/ledger';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenOn, objectsOf, takenOn, untilGate, untilStep, type Upgraded } from './kit';
import { fill } from './suite';

jest.setTimeout(280_000);

const pair = { engine: 'mysql', from: '8.0', to: '9.7' } as const;

let scenario: Scenario;
let cluster: TestCluster;
let ledger: Ledger;

beforeAll(async () => {
  scenario = await Scenario.start({ workers: 2 });
  cluster = await scenario.createCluster({ name: 'shop', engine: pair.engine, version: pair.from });
  await fill(cluster, pair);
});
afterAll(async () => {
  ledger?.kill();
  await scenario?.stop();
});
beforeEach(async () => {
  ledger = await startLedger({ retryOnce: true, ...(await cluster.application()) });
  await ledger.acknowledges(100);
});

const begin = (): Promise<string> =>
  scenario.drydock.start('upgrade', {
    cluster: 'shop',
    to: { version: pair.to },
    steps: [
      takenOn,
      { step: 'verify', assertions: [{ sql: 'SELECT COUNT(*) FROM app.named', expect: 2 }] },
      { step: 'keep-way-back', windowSeconds: 3600 },
    ],
  });

const end = async (): Promise<string[]> => {
  await ledger.acknowledges(100);
  const { report } = await ledger.stop(30_000);
  expect(report.errorsAfterRetry).toBe(0);
  cluster = await scenario.findCluster('shop');
  return brokenOn(cluster, ledger, report);
};

const versionOf = async (name: string): Promise<string> => {
  const [row] = await cluster.ask<{ version: string }>(name, 'SELECT VERSION() AS version');
  return row?.version ?? '';
};

const killWorkers = async (): Promise<void> => {
  for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
  await scenario.platform.startWorker();
};

test('there and back in the window: nothing that was acknowledged is missing, and nothing of the new generation runs', async () => {
  const { epoch, primary } = await cluster.untilConverged();
  const id = await begin();
  const { rollback, steps } = await untilGate(scenario, id, 'end-window');
  expect(rollback.possible).toBe(true);
  expect(rollback.loses).toMatch(/^nothing: shop-1/);
  expect(steps.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    'look at the cluster: done',
    'examine the data and the settings: done',
    'plan the upgrade: done',
    'build the new members: done',
    'change their schema: skipped',
    'catch up: done',
    'verify: done',
    'let the new members count: done',
    'cut over: done',
    'keep the way back: running',
    'remove the old members: waiting',
  ]);
  cluster = await scenario.findCluster('shop');
  const cut = await cluster.untilConverged();
  expect(cut.epoch).toBe(epoch + 1);
  expect(await versionOf(cut.primary)).toMatch(/^9\.7/);
  expect(await versionOf('shop-1')).toMatch(/^8\.0/);
  await ledger.acknowledges(200);
  await scenario.drydock.control(id, 'rollback', { by: 'test' });
  const { report, progress } = await scenario.drydock.result<Upgraded>(id);
  expect(progress.state).toBe('rolled-back');
  expect(report).toMatchObject({
    outcome: 'rolled-back',
    verified: { proof: { equal: true, differences: [], unchecked: [] } },
    cutOver: { from: primary, to: cut.primary, epoch: epoch + 1 },
    rolledBack: { from: cut.primary, to: primary, epoch: epoch + 2 },
  });
  expect(report.verified.assertions).toHaveLength(3);
  expect(await end()).toEqual([]);
  expect(cluster.cluster.members.map(({ name }) => name)).toEqual(['shop-1', 'shop-2', 'shop-3']);
  expect(cluster.cluster).toMatchObject({ definition: { version: '8.0', replicas: 2 }, removed: ['shop-4', 'shop-5', 'shop-6'] });
  expect((await objectsOf(scenario, cluster, [4, 5, 6])).filter((object) => object.startsWith('/'))).toEqual([]);
});

test('there for good, while every worker is killed in the middle of the seed and of the cut-over', async () => {
  const { epoch } = await cluster.untilConverged();
  const id = await begin();
  await untilStep(scenario, id, 'build the new members');
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  await killWorkers();
  await untilStep(scenario, id, 'cut over');
  await killWorkers();
  await untilGate(scenario, id, 'end-window');
  await scenario.drydock.control(id, 'approve', { by: 'test' });
  const { report } = await scenario.drydock.result<Upgraded>(id);
  expect(report).toMatchObject({ outcome: 'upgraded', cutOver: { epoch: epoch + 1 }, wayBack: { endedBy: 'person', broken: [] } });
  expect(await end()).toEqual([]);
  expect(cluster.cluster.members.map(({ name }) => name)).toEqual(['shop-7', 'shop-8', 'shop-9']);
  expect(cluster.cluster).toMatchObject({ definition: { version: '9.7', replicas: 2 } });
  expect(cluster.cluster.upgrade).toBeUndefined();
  for (const { name } of cluster.cluster.members) expect(await versionOf(name)).toMatch(/^9\.7/);
  // It is a cluster like any other afterwards.
  const { to } = await scenario.pivot(cluster);
  expect(await versionOf(to)).toMatch(/^9\.7/);
});
