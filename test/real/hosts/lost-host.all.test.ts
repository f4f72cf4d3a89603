/** A semi-sync cluster over three hosts: each has a member and a router. The host of the primary is lost as a whole, and comes back. */
import type { Verification } from '../../../bench/ledger';
import type { RouterView } from '../../../schemas/observation';
import type { PivotResult } from '../../../schemas/pivot';
import { untilHealthy } from '../../support/guard-sight';
import { type TestCluster, until } from '../../support/test-cluster';
import { brokenPromises, underLoad, verifyOn } from '../../support/under-load';
import { HostScenario } from './support';

const names = ['east', 'north', 'west'];

/** The budget of a primary that is cut off. Not always kept yet (docs/hosts.md). */
const gapMs = 3000;

let world: HostScenario;
let cluster: TestCluster;

beforeAll(async () => {
  world = await HostScenario.start(names);
  cluster = await world.scenario.createCluster({ engine: 'mysql', version: '8.0', hosts: names, routers: 3 });
});
afterAll(() => world?.stop());

test('members and routers are on hosts of their own, and reach each other by published addresses', async () => {
  const { members, routers } = cluster.cluster;
  expect(members.map(({ host }) => host)).toEqual(names);
  expect(routers.map(({ host }) => host)).toEqual(names);
  for (const { host, address } of [...members, ...routers]) expect(address).toBe(world.hosts.host(host).address);
  const state = await cluster.untilConverged();
  const { address, port } = cluster.member(state.primary);
  for (const member of members.filter(({ name }) => name !== state.primary)) {
    const [row] = await cluster.ask(member.name, 'SHOW REPLICA STATUS');
    expect(row).toMatchObject({ Source_Host: address, Source_Port: port });
  }
});

test('an unknown host is named with the known ones before anything is held', async () => {
  const other = { name: 'other', engine: 'mysql', version: '8.0', hosts: ['east', 'mars'] };
  await expect(world.scenario.run('createCluster', { cluster: other, dryRun: true })).rejects.toMatchObject({
    code: 'InvalidInput',
    problems: [{ path: 'cluster.hosts.1', message: 'mars is not in the inventory; known are east, north, west' }],
  });
});

test.each(['north', 'west'])('a planned pivot to the member on %s, for clients that come through the router on north', async (to) => {
  const member = cluster.cluster.members.find(({ host }) => host === to)?.name ?? '';
  const run = await underLoad(cluster, () => world.scenario.pivot(cluster, { to: member }), world.routerOn(cluster, 'north').write);
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.retryErrors).toEqual({});
  expect(run.after.primary).toBe(member);
});

/** Timed sub-steps of the pivot that led to an epoch: where the time went. */
async function timeline(epoch: number): Promise<string> {
  const { switch: report } = await world.scenario.drydock.result<PivotResult>(`pivot/${cluster.name}/${epoch}`);
  return report.steps.map(({ name, startMs, endMs }) => `${name} ${Math.round(startMs)}-${Math.round(endMs)}`).join(', ');
}

/** The host of the primary is lost under load, and comes back. Beside the writer that is judged, one comes through the lost host's own router. */
async function loseAndBringBack(fault: { lose: (host: string) => Promise<void>; bringBack: (host: string) => Promise<void> }) {
  await untilHealthy(world.scenario, cluster);
  await world.scenario.forgetPivots(cluster);
  const { primary } = await cluster.state();
  const lost = world.hostOf(cluster, primary);
  const used = names.find((name) => name !== lost) ?? '';
  const seen: RouterView[] = [];
  const there = await cluster.ledger({
    ...world.routerOn(cluster, lost).write,
    table: 'beside',
    ratePerSecond: 20,
    pool: 2,
    maxInFlight: 60_000,
  });
  try {
    const run = await underLoad(
      cluster,
      async (ledger, { epoch }) => {
        await fault.lose(lost);
        const moved = await cluster.untilEpoch(epoch + 1);
        await ledger.acknowledges(100);
        await fault.bringBack(lost);
        return until('the router of the host that is back is told the epoch', 60_000, async () => {
          const view = await world.view(cluster, world.routerOn(cluster, lost));
          seen.push(view);
          return view.epoch === moved.epoch && view.open ? view : `epoch ${view.epoch}`;
        });
      },
      { ...world.routerOn(cluster, used).write, maxInFlight: 60_000 },
    );
    await there.stop(30_000);
    const beside: Record<string, Verification> = {};
    for (const { name } of cluster.cluster.members) beside[name] = await verifyOn(cluster, there, run.after, name);
    process.stdout.write(`gap ${Math.round(run.report.gap.ms)} ms; switch: ${await timeline(run.after.epoch)}\n`);
    expect(run.after.epoch).toBe(run.before.epoch + 1);
    expect(run.after.primary).not.toBe(primary);
    // Whatever the old primary acknowledged to anybody, all members have.
    for (const { lost: missing } of Object.values(beside)) expect(missing).toEqual([]);
    // Until it was told, a router that was started again led nobody anywhere.
    for (const view of seen) if (view.epoch === 0) expect(view).toMatchObject({ open: false, primary: null });
    const { HostConfig } = await world.hosts.host(lost).engine.getContainer(cluster.member(primary).container).inspect();
    expect(HostConfig.RestartPolicy?.Name).toBe('no');
    await untilHealthy(world.scenario, cluster);
    return run;
  } finally {
    there.kill();
  }
}

test('the host of the primary is killed under load: clients write again, nothing acknowledged is lost, all of it comes back', async () => {
  const run = await loseAndBringBack({ lose: (host) => world.hosts.kill(host), bringBack: (host) => world.hosts.restart(host) });
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.gap.ms).toBeLessThan(gapMs);
});

/** A client on the side of the old primary: writes one row on it, past every router. Resolves when it was acknowledged. */
async function writeBehindTheCut(primary: string, id: number): Promise<'acknowledged' | 'failed'> {
  const sql = `INSERT INTO drydock.stranded VALUES (${id})`;
  const script = `MYSQL_PWD="$(cat /run/drydock/root-password)" mysql --user=root --execute='${sql}'`;
  return world.hosts.inside(world.hostOf(cluster, primary), cluster.member(primary).container, script).then(
    () => 'acknowledged',
    () => 'failed',
  );
}

test('it is cut off, lives on, and is plugged in again: what the old primary says to clients behind the cut is never an acknowledgement', async () => {
  const { primary } = await cluster.untilConverged();
  await cluster.ask(primary, 'CREATE TABLE drydock.stranded (id INT PRIMARY KEY)');
  const stranded: Promise<'acknowledged' | 'failed'>[] = [];
  let told: string[] = [];
  let pluggedInAt = Infinity;
  const run = await loseAndBringBack({
    lose: async (host) => {
      await world.hosts.cutOff(host);
      for (const id of [1, 2, 3]) stranded.push(writeBehindTheCut(primary, id));
    },
    bringBack: async (host) => {
      // Another primary takes writes by now; these wait, and are not told that they succeeded.
      told = await Promise.all(stranded.map((write) => Promise.race([write, Promise.resolve('waits')])));
      pluggedInAt = performance.now();
      await world.hosts.plugIn(host);
    },
  });
  expect(told).toEqual(['waits', 'waits', 'waits']);
  // Whatever they were told in the end: an acknowledgement is kept by all.
  const outcomes = await Promise.all(stranded);
  for (const [index, outcome] of outcomes.entries())
    if (outcome === 'acknowledged')
      for (const { name } of cluster.cluster.members)
        expect(await cluster.ask(name, `SELECT id FROM drydock.stranded WHERE id = ${index + 1}`)).toHaveLength(1);
  // Plugged in, it is not read-only until the guard has fenced it, and counts replicas that left it long ago: the witness asks the server what
  // it thinks, and takes that for writable from then on. Before that no two are.
  const before = run.witness.violations.filter(({ from }) => from < pluggedInAt);
  expect(brokenPromises({ ...run, witness: { ...run.witness, violations: before } })).toEqual([]);
  expect(run.report.gap.ms).toBeLessThan(gapMs);
});

test('no secret is found on any host', async () => expect(await world.secretsFound()).toEqual([]));
