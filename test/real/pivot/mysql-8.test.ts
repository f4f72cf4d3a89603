import { guardId } from '../../../schemas/names';
import type { Progress } from '../../../schemas/operation';
import type { PivotPreview, PivotResult } from '../../../schemas/pivot';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
let cluster: TestCluster;

/** By the cluster file, after the one that is opened first; by its name it would be the last. */
const preferred = 'shop-3';

beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ name: 'shop', engine: 'mysql', version: '8.0', candidates: { prefer: ['shop-1', preferred] } });
});
// Searches histories, logs and containers for every secret in use.
afterAll(() => scenario?.stop());

test('a dry run names who would be promoted and touches nothing', async () => {
  const before = await cluster.untilConverged();
  const positions = async (): Promise<unknown> =>
    cluster.ask(before.primary, 'SELECT epoch, primary_name FROM drydock.journal UNION ALL SELECT @@read_only, @@server_uuid');
  const first = await positions();
  const { plan } = await scenario.run<PivotPreview>('pivot', { cluster: cluster.name, dryRun: true });
  expect(plan).toMatchObject({ from: before.primary, epoch: before.epoch, nextEpoch: before.epoch + 1, problems: [] });
  expect(plan.to).toBe(preferred);
  expect(plan.prediction).toMatchObject({ catchUpSeconds: 0, loses: expect.stringMatching(/nothing/) as string });
  const others = cluster.cluster.members.map(({ name }) => name).filter((name) => name !== before.primary);
  expect(plan.candidates.map(({ member }) => member).sort()).toEqual(others.sort());
  expect(await positions()).toEqual(first);
  expect(await cluster.untilConverged()).toEqual(before);
});

test('a pivot that expects another primary or epoch is refused, and says what is true', async () => {
  const before = await cluster.state();
  const other = cluster.cluster.members.find(({ name }) => name !== before.primary)?.name;
  await expect(scenario.pivot(cluster, { expect: { primary: other, epoch: before.epoch + 7 } })).rejects.toMatchObject({
    code: 'ExpectationFailed',
    problems: [
      { path: 'expect.primary', message: expect.stringContaining(before.primary) as string },
      { path: 'expect.epoch', message: expect.stringContaining(String(before.epoch)) as string },
    ],
  });
  expect(await cluster.state()).toEqual(before);
});

test('a planned pivot under load does what the dry run said, loses nothing, and a client that retries once sees no error', async () => {
  const run = await underLoad(cluster, () => scenario.pivot(cluster, { reason: 'test of a planned pivot' }));
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.retryErrors).toEqual({});
  expect(run.after).toMatchObject({ epoch: run.before.epoch + 1, primary: run.result.to });
  expect(run.result).toMatchObject<Partial<PivotResult>>({ from: run.before.primary, to: preferred, unplanned: false, aside: [] });
  expect((await cluster.journal()).at(-1)).toMatchObject({
    epoch: run.after.epoch,
    primary: run.result.to,
    reason: 'test of a planned pivot',
  });
  expect(run.witness.writable[run.result.to]).toBeGreaterThan(0);
});

test('a named member is promoted', async () => {
  const before = await cluster.state();
  const to = cluster.cluster.members.find(({ name }) => name !== before.primary)?.name;
  expect((await scenario.pivot(cluster, { to })).to).toBe(to);
  expect((await cluster.untilConverged()).primary).toBe(to);
});

test('the primary is killed under load: the guard pivots, nothing is lost, the old one follows again', async () => {
  const run = await underLoad(cluster, async (_ledger, { epoch, primary }) => {
    await cluster.container(primary).kill();
    return cluster.untilEpoch(epoch + 1);
  });
  expect(brokenPromises(run)).toEqual([]);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(run.after.primary).not.toBe(run.before.primary);
  expect(run.report.gap.ms).toBeLessThan(5000);
  const id = `pivot/${cluster.name}/${run.after.epoch}`;
  expect((await cluster.journal()).at(-1)).toMatchObject({ epoch: run.after.epoch, operation: id });
  expect(await scenario.drydock.result(id)).toMatchObject({ unplanned: true, from: run.before.primary });
});

test('the primary hangs under load: it acknowledges nothing when it wakes up, and nothing is lost', async () => {
  const run = await underLoad(cluster, async (_ledger, { epoch, primary }) => {
    await cluster.container(primary).kill({ signal: 'SIGSTOP' });
    const moved = await cluster.untilEpoch(epoch + 1);
    // Ended by the pivot in the meantime, or it wakes up now.
    await cluster
      .container(primary)
      .kill({ signal: 'SIGCONT' })
      .catch(() => undefined);
    return moved;
  });
  expect(brokenPromises(run)).toEqual([]);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(run.after.primary).not.toBe(run.before.primary);
});

test('multi-statement transactions are whole or not there at all after a planned pivot', async () => {
  const run = await underLoad(cluster, () => scenario.pivot(cluster), { mode: 'transactions' });
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.retryErrors).toEqual({});
});

test('a second operation on the cluster is refused, and is told who holds it', async () => {
  const before = await cluster.state();
  const approval = { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' };
  const holder = await scenario.drydock.start('pivot', { cluster: cluster.name, approval });
  await scenario.untilWaiting(holder);
  await expect(scenario.pivot(cluster)).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(holder) as string });
  await scenario.drydock.control(holder, 'abort', { by: 'test' });
  await expect(scenario.drydock.result(holder)).rejects.toMatchObject({ code: 'Aborted' });
  expect(await cluster.state()).toEqual(before);
});

test('a planned pivot that is asked for while the guard brings a replica back waits for it, and is done', async () => {
  const before = await cluster.untilConverged();
  const [replica = ''] = cluster.cluster.members.map(({ name }) => name).filter((name) => name !== before.primary);
  await cluster.container(replica).kill();
  await scenario.untilProgress(guardId(cluster.name), ({ steps }) =>
    steps.some(({ name, state }) => state === 'running' && name.endsWith(replica)),
  );
  const { progress, ...result } = await scenario.run<PivotResult & { progress: Progress }>('pivot', { cluster: cluster.name });
  expect(progress.steps[0]).toMatchObject({ name: 'wait until the guard has healed', state: 'done' });
  expect(result.from).toBe(before.primary);
  expect(await cluster.untilConverged()).toMatchObject({ epoch: before.epoch + 1, primary: result.to });
});
