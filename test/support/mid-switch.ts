import { setTimeout as sleep } from 'node:timers/promises';

import type { PivotResult } from '../../schemas/pivot';
import { leaveTransactionOpen } from './open-transaction';
import type { Scenario } from './scenario';
import type { TestCluster } from './test-cluster';
import { brokenPromises, underLoad } from './under-load';

/** The switch waits so long for the transaction that was left open; the deaths come in the middle of it. */
const transactionBoundMs = 1000;
/** Design, budgets: finished within this time of the return, or of the kill when another worker is there. */
const finishedWithinMs = 5000;

/** A planned pivot whose routers hold clients at this moment. */
async function pivotInMidSwitch(scenario: Scenario, cluster: TestCluster): Promise<{ id: string; end(): void }> {
  const { end } = await leaveTransactionOpen(cluster);
  const id = await scenario.drydock.start('pivot', { cluster: cluster.name, transactionBoundMs, proof: false });
  await scenario.untilProgress(id, ({ phase }) => phase === 'switching');
  await sleep(300);
  return { id, end };
}

/** When clients were moved. */
async function movedAt(scenario: Scenario, id: string): Promise<number> {
  const { progress } = await scenario.drydock.show(id);
  return Date.parse(progress?.steps.find(({ name }) => name === 'switch the primary')?.endedAt ?? '');
}

/** Kills something in mid-switch under load: the pivot ends well all the same, soon after `kill` returned. */
export async function dieInMidSwitch(scenario: Scenario, cluster: TestCluster, kill: (id: string) => Promise<void>): Promise<void> {
  const run = await underLoad(cluster, async () => {
    const { id, end } = await pivotInMidSwitch(scenario, cluster);
    try {
      await kill(id);
      const returnedAt = Date.now();
      const result = await scenario.drydock.result<PivotResult>(id);
      return { result, tookMs: (await movedAt(scenario, id)) - returnedAt };
    } finally {
      end();
    }
  });
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.retryErrors).toEqual({});
  expect(run.after).toMatchObject({ epoch: run.before.epoch + 1, primary: run.result.result.to });
  expect(run.result.tookMs).toBeLessThan(finishedWithinMs);
}
