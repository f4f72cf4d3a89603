import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import type { PivotResult } from '../../../schemas/pivot';
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

test('the worker that switches is stopped, another one finishes, the first wakes up: nothing changes', async () => {
  let stopped: Awaited<ReturnType<typeof scenario.workerOf>> | undefined;
  await dieInMidSwitch(scenario, cluster, async (id) => {
    stopped = await scenario.workerOf(id, 'switchPrimary');
    stopped.kill('SIGSTOP');
  });
  const before = await cluster.untilConverged();
  const journal = await cluster.journal();
  const witness = await cluster.witness();
  stopped?.kill('SIGCONT');
  await sleep(5000);
  expect((await witness.stop()).violations).toEqual([]);
  expect(await cluster.untilConverged()).toEqual(before);
  expect(await cluster.journal()).toEqual(journal);
});

/**
 * Stops the worker and pivots until the switch was handed to it. The server hands a task to one of the polls that wait, and ends a poll after a
 * minute: a worker that was stopped just before that has none any more, so it is woken up and stopped again.
 */
async function stopAndHandOver(worker: (typeof scenario.platform.workers)[number]): Promise<void> {
  for (let tries = 0; tries < 16; tries++) {
    if (tries % 4 === 0) {
      worker.kill('SIGCONT');
      await sleep(2000);
      worker.kill('SIGSTOP');
    }
    const id = await scenario.drydock.start('pivot', { cluster: cluster.name, proof: false });
    const handed = scenario.workerOf(id, 'switchPrimary').catch(() => undefined);
    await scenario.drydock.result<PivotResult>(id);
    if ((await handed) === worker) return;
  }
  throw new Error('the stopped worker was never given the switch');
}

test('a switch that was handed to a stopped worker is not executed when it wakes up: no client is cut', async () => {
  const [stopped] = scenario.platform.workers;
  if (!stopped) throw new Error('there is no worker');
  try {
    await stopAndHandOver(stopped);
  } catch (error) {
    stopped.kill('SIGCONT');
    throw error;
  }
  const before = await cluster.untilConverged();
  const journal = await cluster.journal();
  const client = await createConnection(await cluster.application());
  try {
    const [connection] = await client.query('SELECT CONNECTION_ID()');
    stopped.kill('SIGCONT');
    await sleep(5000);
    expect((await client.query('SELECT CONNECTION_ID()'))[0]).toEqual(connection);
  } finally {
    client.destroy();
  }
  expect(await cluster.untilConverged()).toEqual(before);
  expect(await cluster.journal()).toEqual(journal);
});
