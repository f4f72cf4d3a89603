/** The short soak: a longer one is in soak.all.test.ts, and `npm run soak` takes any seed. */
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

/** Gives two faults that are over soon. */
const seed = 7;
const faults = 2;

test('two random faults in a row break no promise', async () => {
  const { struck, broken } = await soak(scenario, cluster, { seed, faults, say: (line) => void process.stdout.write(`${line}\n`) });
  expect(struck.flatMap((one) => one.broken)).toEqual([]);
  expect(broken).toEqual([]);
  expect(struck.map(({ fault }) => fault)).toEqual(['the primary is killed', 'every worker is killed while the primary dies']);
});
