/** Without semi-sync only the engine of the old primary can prove that it is fenced, and that engine is lost with its host. */
import { untilHealthy } from '../../support/guard-sight';
import { HostScenario } from './support';

let world: HostScenario;

beforeAll(async () => {
  world = await HostScenario.start(['east', 'north']);
});
afterAll(() => world?.stop());

test('a person is asked; nobody is writable meanwhile; the host that is back answers the question itself', async () => {
  const { scenario, hosts } = world;
  const cluster = await scenario.createCluster({
    engine: 'mysql',
    version: '5.6',
    durability: 'async',
    replicas: 1,
    hosts: ['east', 'north'],
  });
  await untilHealthy(scenario, cluster);
  const { epoch, primary } = await cluster.untilConverged();
  const lost = world.hostOf(cluster, primary);
  await hosts.kill(lost);
  const pivot = `pivot/${cluster.name}/${epoch + 1}`;
  const { waitsFor } = await scenario.untilProgress(pivot, ({ state }) => state === 'waiting', 60_000);
  expect(waitsFor?.what).toContain(`neither its engine nor a fence command proves that ${primary} is stopped`);
  const other = cluster.cluster.members.find(({ name }) => name !== primary)?.name ?? '';
  expect(await cluster.ask(other, 'SELECT @@read_only AS fenced')).toEqual([{ fenced: 1 }]);
  expect((await cluster.state()).epoch).toBe(epoch);
  // Its containers are stopped, and its engine says so: that is the proof.
  await hosts.restart(lost);
  expect(await cluster.untilEpoch(epoch + 1, 90_000)).toMatchObject({ primary: other });
  await cluster.untilConverged();
});
