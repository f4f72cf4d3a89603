/** The guard as users have it: whole installation, writer through the router, containers hurt by the engine. */
import type { GuardView } from '../../../schemas/guard';
import { guardId } from '../../../schemas/names';
import type { ClusterState } from '../../../schemas/topology';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
let cluster: TestCluster;

beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
});
afterAll(() => scenario?.stop());

const view = (): Promise<GuardView> => scenario.temporal.workflow.getHandle(guardId(cluster.name)).query<GuardView>('cluster');
const healthy = (): Promise<GuardView> =>
  until('a healthy cluster in the guard’s eyes', 90_000, async () => {
    const seen = await view();
    return seen.findings.length === 0 && seen.guard === 'watching' ? seen : seen.findings.map(({ detail }) => detail).join('; ');
  });

/** Several tests lose a primary within minutes: a person tells the guard that this is wanted. */
beforeEach(async () => {
  await cluster.untilConverged();
  await healthy();
  await scenario.drydock.control(guardId(cluster.name), 'pause', { by: 'test' });
  await scenario.drydock.control(guardId(cluster.name), 'resume', { by: 'test' });
});

const say = (what: string, ms: number): void => void process.stdout.write(`${what}: ${Math.round(ms)} ms\n`);

test('a killed primary: clients write again within 0.8 s, and the old one follows', async () => {
  const run = await underLoad(cluster, async (_ledger, { epoch, primary }) => {
    await cluster.container(primary).kill();
    return cluster.untilEpoch(epoch + 1);
  });
  say('killed, gap between acknowledged writes', run.report.gap.ms);
  expect(brokenPromises(run)).toEqual([]);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  const seen = await healthy();
  expect(seen.state).toMatchObject({ epoch: run.after.epoch, primary: run.after.primary });
  expect(seen.pivots.at(-1)).toMatchObject({ epoch: run.after.epoch, outcome: 'done', diagnosis: 'PrimaryDead' });
});

test('a hung primary: clients write again within 3 s, and it acknowledges nothing when it wakes up', async () => {
  const run = await underLoad(cluster, async (_ledger, { epoch, primary }) => {
    await cluster.container(primary).pause();
    const state = await cluster.untilEpoch(epoch + 1);
    await cluster
      .container(primary)
      .unpause()
      .catch(() => undefined);
    return state;
  });
  say('hung, gap between acknowledged writes', run.report.gap.ms);
  expect(brokenPromises(run)).toEqual([]);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(run.report.gap.ms).toBeLessThan(3500);
});

test('the new primary dies a moment after the old one', async () => {
  const first = await cluster.state();
  await cluster.container(first.primary).kill();
  const second = await cluster.untilEpoch(first.epoch + 1);
  await until('the old one is back', 60_000, async () => {
    const { State } = await cluster.container(first.primary).inspect();
    return State.Running ? {} : 'stopped';
  });
  await cluster.untilConverged();
  await cluster.container(second.primary).kill();
  const third = await cluster.untilEpoch(first.epoch + 2, 60_000);
  expect(third.primary).not.toBe(second.primary);
});

test('all members are killed: they come back, the same primary is opened again, nothing is lost', async () => {
  const run = await underLoad(
    cluster,
    async (ledger) => {
      await Promise.all(cluster.cluster.members.map(({ name }) => cluster.container(name).kill()));
      const began = performance.now();
      await ledger.acknowledges(20, 120_000);
      say('power cut, until writes are acknowledged again', performance.now() - began);
    },
    { convergeMs: 120_000 },
  );
  expect(brokenPromises(run)).toEqual([]);
});

test('a replica whose container was removed is built anew, and its old volume is kept', async () => {
  const state: ClusterState = await cluster.state();
  const replica = cluster.cluster.members.find(({ name }) => name !== state.primary)?.name ?? '';
  await cluster.container(replica).remove({ force: true });
  await until('it is seen', 30_000, async () => ((await view()).findings.some(({ member }) => member === replica) ? {} : 'not yet'));
  await cluster.untilConverged(90_000);
  expect(await cluster.state()).toMatchObject({ epoch: state.epoch, primary: state.primary });
});

test('a restarted router is told where to lead writers', async () => {
  const [router] = cluster.cluster.routers;
  const ledger = await cluster.ledger();
  try {
    await scenario.engine.getContainer(router?.container ?? '').restart({ t: 0 });
    await ledger.acknowledges(50, 30_000);
  } finally {
    await ledger.stop();
  }
});
