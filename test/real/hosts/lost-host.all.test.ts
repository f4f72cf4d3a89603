/** A semi-sync cluster over three hosts: each has a member and a router. The host of the primary is lost as a whole, and comes back. */
import type { RouterView } from '../../../schemas/observation';
import { untilHealthy } from '../../support/guard-sight';
import { type TestCluster, until } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';
import { HostScenario } from './support';

const names = ['east', 'north', 'west'];

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
  expect(run.report.errorsAfterRetry).toBe(0);
  expect(run.after.primary).toBe(member);
});

test.each([
  { what: 'killed', lose: (host: string) => world.hosts.kill(host), bringBack: (host: string) => world.hosts.restart(host) },
  { what: 'cut off', lose: (host: string) => world.hosts.cutOff(host), bringBack: (host: string) => world.hosts.plugIn(host) },
])(
  'the host of the primary is $what under load: clients write again within 3 s, nothing acknowledged is lost, all of it comes back',
  async (fault) => {
    await untilHealthy(world.scenario, cluster);
    await world.scenario.forgetPivots(cluster);
    const { primary } = await cluster.state();
    const lost = world.hostOf(cluster, primary);
    const used = names.find((name) => name !== lost) ?? '';
    const seen: RouterView[] = [];
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
      world.routerOn(cluster, used).write,
    );
    process.stdout.write(`the host of the primary ${fault.what}: gap ${Math.round(run.report.gap.ms)} ms\n`);
    expect(brokenPromises(run)).toEqual([]);
    expect(run.report.gap.ms).toBeLessThan(3000);
    expect(run.after.epoch).toBe(run.before.epoch + 1);
    expect(run.after.primary).not.toBe(primary);
    // Until it was told, it led nobody anywhere.
    for (const view of seen) if (view.epoch === 0) expect(view).toMatchObject({ open: false, primary: null });
    const { HostConfig } = await world.hosts.host(lost).engine.getContainer(cluster.member(primary).container).inspect();
    expect(HostConfig.RestartPolicy?.Name).toBe('no');
    await untilHealthy(world.scenario, cluster);
  },
);

test('no secret is found on any host', async () => expect(await world.secretsFound()).toEqual([]));
