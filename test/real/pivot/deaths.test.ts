import { setTimeout as sleep } from 'node:timers/promises';

import { dieInMidSwitch } from '../../support/mid-switch';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start({ workers: 2 });
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
});
afterAll(() => scenario?.stop());

test('the worker that switches is killed: the other one finishes', () =>
  dieInMidSwitch(scenario, cluster, async (id) => {
    const worker = await scenario.workerOf(id, 'switchPrimary');
    worker.kill('SIGKILL');
    await scenario.platform.startWorker();
  }));

test('every worker is killed: one that is started finishes', () =>
  dieInMidSwitch(scenario, cluster, async () => {
    for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
    await scenario.platform.startWorker();
  }));

test('Temporal is killed and started again: the pivot ends well', () =>
  dieInMidSwitch(scenario, cluster, async () => {
    await scenario.platform.temporal.kill();
    await sleep(1000);
    await scenario.platform.temporal.start();
  }));
