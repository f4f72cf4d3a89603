import { Scenario } from '../../support/scenario';
import { soak } from '../../support/soak';
import type { TestCluster } from '../../support/test-cluster';

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
});
afterAll(() => scenario?.stop());

/** Gives five faults of different kinds, none of which takes minutes. */
const seed = 37;

test('five random faults in a row break no promise', async () => {
  const { struck, broken } = await soak(scenario, cluster, { seed, faults: 5, say: (line) => void process.stdout.write(`${line}\n`) });
  expect(struck.flatMap((one) => one.broken)).toEqual([]);
  expect(broken).toEqual([]);
  expect(struck).toHaveLength(5);
});
