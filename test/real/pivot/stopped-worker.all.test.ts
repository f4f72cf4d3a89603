import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import type { PivotResult } from '../../../schemas/pivot';
import { leaveTransactionOpen } from '../../support/open-transaction';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start({ workers: 2 });
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
});
afterAll(() => scenario?.stop());

/** The switch waits so long for the transaction that was left open; the deaths come in the middle of it. */
const transactionBoundMs = 1000;
/** Design, budgets: finished within this time of the return, or of the kill when another worker is there. */
const finishedWithinMs = 5000;

/** A planned pivot whose routers hold clients at this moment. */
async function pivotInMidSwitch(): Promise<{ id: string; end(): void }> {
  const { end } = await leaveTransactionOpen(cluster);
  const id = await scenario.drydock.start('pivot', { cluster: cluster.name, transactionBoundMs, proof: false });
  await scenario.untilProgress(id, ({ phase }) => phase === 'switching');
  await sleep(300);
  return { id, end };
}

/** When clients were moved. */
async function movedAt(id: string): Promise<number> {
  const { progress } = await scenario.drydock.show(id);
  return Date.parse(progress?.steps.find(({ name }) => name === 'switch the primary')?.endedAt ?? '');
}

/** Kills something in mid-switch under load: the pivot ends well all the same, soon after `kill` returned. */
async function dieInMidSwitch(kill: (id: string) => Promise<void>): Promise<void> {
  const run = await underLoad(cluster, async () => {
    const { id, end } = await pivotInMidSwitch();
    try {
      await kill(id);
      const returnedAt = Date.now();
      const result = await scenario.drydock.result<PivotResult>(id);
      return { result, tookMs: (await movedAt(id)) - returnedAt };
    } finally {
      end();
    }
  });
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.retryErrors).toEqual({});
  expect(run.after).toMatchObject({ epoch: run.before.epoch + 1, primary: run.result.result.to });
  expect(run.result.tookMs).toBeLessThan(finishedWithinMs);
}

test('the worker that switches is stopped, another one finishes, the first wakes up: nothing changes', async () => {
  let stopped: Awaited<ReturnType<typeof scenario.workerOf>> | undefined;
  await dieInMidSwitch(async (id) => {
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
