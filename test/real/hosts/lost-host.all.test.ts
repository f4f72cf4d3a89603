/** A semi-sync cluster over three hosts: each has a member and a router. The host of the primary is lost as a whole, and comes back. */
import { openRouter } from '../../../activities/router';
import type { RouterView } from '../../../schemas/observation';
import type { Router } from '../../../schemas/topology';
import { untilHealthy } from '../../support/guard-sight';
import { Scenario } from '../../support/scenario';
import { searchForSecrets, secretsIn } from '../../support/secret-search';
import { type TestCluster, until } from '../../support/test-cluster';
import { TestHosts } from '../../support/test-hosts';
import { brokenPromises, underLoad } from '../../support/under-load';

let hosts: TestHosts;
let scenario: Scenario;
let cluster: TestCluster;

beforeAll(async () => {
  hosts = await TestHosts.start(['east', 'north', 'west']);
  process.env['DRYDOCK_INVENTORY'] = hosts.inventory;
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0', hosts: ['east', 'north', 'west'], routers: 3 });
});
afterAll(async () => {
  delete process.env['DRYDOCK_INVENTORY'];
  try {
    await scenario?.stop();
  } finally {
    await hosts?.stop();
  }
});

const hostOf = (name: string): string => cluster.member(name).host;
const routerOn = (host: string): Router => cluster.cluster.routers.find((router) => router.host === host) as Router;

async function viewOf(router: Router): Promise<RouterView> {
  const admin = await openRouter(scenario.environment, cluster.cluster, router, { timeoutMs: 1000 });
  try {
    return await admin.view();
  } finally {
    admin.end();
  }
}

test('members and routers are on hosts of their own, and reach each other by published addresses', async () => {
  const { members, routers } = cluster.cluster;
  expect(members.map(({ host }) => host)).toEqual(['east', 'north', 'west']);
  expect(routers.map(({ host }) => host)).toEqual(['east', 'north', 'west']);
  for (const { host, address } of [...members, ...routers]) expect(address).toBe(hosts.host(host).address);
  const state = await cluster.untilConverged();
  for (const member of members.filter(({ name }) => name !== state.primary)) {
    const [row] = await cluster.ask<{ Source_Host: string; Source_Port: number }>(member.name, 'SHOW REPLICA STATUS');
    expect(row).toMatchObject({ Source_Host: cluster.member(state.primary).address, Source_Port: cluster.member(state.primary).port });
  }
});

test('an unknown host is named with the known ones before anything is held', async () => {
  await expect(
    scenario.run('createCluster', { cluster: { name: 'other', engine: 'mysql', version: '8.0', hosts: ['east', 'mars'] }, dryRun: true }),
  ).rejects.toMatchObject({
    code: 'InvalidInput',
    problems: [{ path: 'cluster.hosts.1', message: 'mars is not in the inventory; known are east, north, west' }],
  });
});

test('a planned pivot to the host of the router that a client uses, and away from it', async () => {
  const { write } = routerOn('north');
  for (const to of ['north', 'west']) {
    const member = cluster.cluster.members.find(({ host }) => host === to)?.name ?? '';
    const run = await underLoad(cluster, () => scenario.pivot(cluster, { to: member }), write);
    expect(brokenPromises(run)).toEqual([]);
    expect(run.report.errorsAfterRetry).toBe(0);
    expect(run.after.primary).toBe(member);
  }
});

test('the host of the primary is lost under load: a replica takes its place within 3 s, nothing acknowledged is lost, and all of it comes back', async () => {
  await untilHealthy(scenario, cluster);
  const { primary } = await cluster.state();
  const lost = hostOf(primary);
  const used = routerOn(['east', 'north'].find((name) => name !== lost) ?? '');
  const seen: RouterView[] = [];
  const run = await underLoad(
    cluster,
    async (ledger, { epoch }) => {
      await hosts.kill(lost);
      const moved = await cluster.untilEpoch(epoch + 1);
      await ledger.acknowledges(100);
      await hosts.restart(lost);
      // Until the guard told it: closed.
      await until('the router of the host that is back is told', 60_000, async () => {
        const view = await viewOf(routerOn(lost));
        seen.push(view);
        return view.epoch === moved.epoch && view.open ? view : `epoch ${view.epoch}`;
      });
      return moved;
    },
    used.write,
  );
  process.stdout.write(`host lost: gap ${Math.round(run.report.gap.ms)} ms\n`);
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.gap.ms).toBeLessThan(3000);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(run.after.primary).not.toBe(primary);
  for (const view of seen) if (view.epoch === 0) expect(view).toMatchObject({ open: false, primary: null });
  const { HostConfig } = await hosts.host(lost).engine.getContainer(cluster.member(primary).container).inspect();
  expect(HostConfig.RestartPolicy?.Name).toBe('no');
  await untilHealthy(scenario, cluster);
});

test('no secret is found on any host', async () => {
  const { platform, temporal } = scenario;
  const secrets = await secretsIn(platform.home.secrets);
  for (const { engine } of hosts.hosts)
    expect(
      await searchForSecrets({ secrets, logs: platform.home.logs, temporal, engine, instance: platform.instance, processes: [] }),
    ).toEqual([]);
});

test('async: without the word of its engine the lost primary is not taken for fenced; a person is asked, and the host that is back answers it', async () => {
  const other = await scenario.createCluster({
    engine: 'mysql',
    version: '8.0',
    name: 'spare',
    durability: 'async',
    replicas: 1,
    hosts: ['east', 'north'],
  });
  await untilHealthy(scenario, other);
  const { epoch, primary } = await other.untilConverged();
  const lost = other.member(primary).host;
  await hosts.kill(lost);
  const { waitsFor } = await scenario.untilWaiting(`pivot/spare/${epoch + 1}`);
  expect(JSON.stringify(waitsFor)).toMatch(/NotFenced|engine does not confirm/);
  expect((await other.state()).epoch).toBe(epoch);
  await hosts.restart(lost);
  // Its engine says that the container is stopped: that is the proof, and the pivot goes on by itself.
  expect((await other.untilEpoch(epoch + 1, 60_000)).primary).not.toBe(primary);
  await other.untilConverged();
});
