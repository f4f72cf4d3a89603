import { untilHealthy } from '../../support/guard-sight';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.start();
});
afterAll(() => scenario?.stop());

const runs = Array.from({ length: 10 }, (_, index) => index + 1);

/** Nothing acknowledged is lost with semi-sync, in ten runs of each. */
describe.each([
  ['mysql', '8.0'],
  ['mariadb', '10.11'],
] as const)('%s %s with semi-sync', (engine, version) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await scenario.createCluster({ engine, version });
  });
  afterAll(() => scenario.deleteCluster(cluster));

  test.each(runs)('planned, run %d', async (seed) => {
    // While the guard heals what the last run left, a pivot that a person asks for is refused.
    await untilHealthy(scenario, cluster);
    const run = await underLoad(cluster, () => scenario.pivot(cluster), { seed });
    expect(brokenPromises(run)).toEqual([]);
    expect(run.report.retryErrors).toEqual({});
    expect(run.after.epoch).toBe(run.before.epoch + 1);
  });

  test.each(runs)('primary killed, run %d', async (seed) => {
    await scenario.forgetPivots(cluster);
    const run = await underLoad(
      cluster,
      async (_ledger, { epoch, primary }) => {
        await cluster.container(primary).kill();
        return cluster.untilEpoch(epoch + 1);
      },
      { seed },
    );
    expect(brokenPromises(run)).toEqual([]);
    expect(run.after.epoch).toBe(run.before.epoch + 1);
  });
});
