import { ledgerModes } from '../../../bench/ledger';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({
    engine: 'mysql',
    version: '8.0',
    settings: { max_connections: '700' },
    connections: { write: 560 },
  });
});
afterAll(() => scenario?.stop());

/** However applications connect and write: nothing acknowledged is lost, nothing is executed twice or in part. */
describe.each(ledgerModes)('%s', (mode) => {
  test('planned', async () => {
    const run = await underLoad(cluster, () => scenario.pivot(cluster), { mode });
    expect(brokenPromises(run)).toEqual([]);
    expect(run.report.retryErrors).toEqual({});
  });

  test('primary killed', async () => {
    await scenario.forgetPivots(cluster);
    const run = await underLoad(
      cluster,
      async (_ledger, { epoch, primary }) => {
        await cluster.container(primary).kill();
        return cluster.untilEpoch(epoch + 1);
      },
      { mode },
    );
    expect(brokenPromises(run)).toEqual([]);
    expect(run.after.epoch).toBe(run.before.epoch + 1);
  });
});
