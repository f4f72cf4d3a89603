import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.start();
});
afterAll(() => scenario?.stop());

/** MySQL 5.5 replicates by file and position, the others by GTID. MySQL 8.0 has a file of its own. */
describe.each([
  ['mysql', '5.5'],
  ['mysql', '5.6'],
  ['mysql', '9.7'],
  ['mariadb', '10.11'],
] as const)('%s %s with semi-sync', (engine, version) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await scenario.createCluster({ engine, version });
  });
  afterAll(() => scenario.deleteCluster(cluster));

  test('a planned pivot under load loses nothing', async () => {
    const run = await underLoad(cluster, () => scenario.pivot(cluster));
    expect(brokenPromises(run)).toEqual([]);
    expect(run.report.retryErrors).toEqual({});
    expect(run.after).toMatchObject({ epoch: run.before.epoch + 1, primary: run.result.to });
  });

  test('the primary is killed under load: nothing is lost, and the old one comes back', async () => {
    const run = await underLoad(cluster, async (_ledger, { epoch, primary }) => {
      await cluster.container(primary).kill();
      return cluster.untilEpoch(epoch + 1);
    });
    expect(brokenPromises(run)).toEqual([]);
    expect(run.after.epoch).toBe(run.before.epoch + 1);
    expect(run.after.primary).not.toBe(run.before.primary);
  });
});
