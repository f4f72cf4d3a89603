/** Delayed and cascading members on the other versions: set up, and kept by a planned and by an unplanned pivot. */
import { flavorOf } from '../../../activities/mysql/flavors';
import type { ReplicationView } from '../../../schemas/observation';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';

const delay = 3600;

describe.each([
  ['mysql', '5.6', 'semi-sync'],
  ['mariadb', '10.11', 'semi-sync'],
] as const)('%s %s', (engine, version, durability) => {
  let scenario: Scenario;
  let cluster: TestCluster;
  beforeAll(async () => {
    scenario = await Scenario.start();
    cluster = await scenario.createCluster({
      name: 'shop',
      engine,
      version,
      durability,
      replicas: 4,
      members: { 'shop-4': { delaySeconds: delay }, 'shop-5': { follows: 'shop-2' } },
    });
  });
  afterAll(() => scenario?.stop());

  const follows = (member: string, source: string): Promise<ReplicationView> =>
    until(`${member} follows ${source}`, 60_000, async () => {
      const view = await cluster.session(member, (session) => flavorOf(session).replication(session));
      if (view?.sourceAddress !== cluster.member(source).address) return `it follows ${view?.sourceAddress}`;
      return view.receiver === 'running' && view.applier === 'running' ? view : `${view.receiver}, ${view.applier}`;
    });

  test('they are set up, and a planned and an unplanned pivot leave them as they are', async () => {
    expect(await follows('shop-4', 'shop-1')).toMatchObject({ delaySeconds: delay });
    expect(await follows('shop-5', 'shop-2')).toMatchObject({ delaySeconds: 0 });
    const planned = await scenario.pivot(cluster, { to: 'shop-2' });
    expect(planned.aside).toEqual([]);
    await follows('shop-5', 'shop-2');
    expect(await follows('shop-4', 'shop-2')).toMatchObject({ delaySeconds: delay });

    const { epoch } = await cluster.state();
    await cluster.container('shop-2').kill();
    const { primary } = await cluster.untilEpoch(epoch + 1);
    expect(['shop-1', 'shop-3']).toContain(primary);
    expect(await follows('shop-4', primary)).toMatchObject({ delaySeconds: delay });
    await follows('shop-2', primary);
    await follows('shop-5', 'shop-2');
  });
});
