import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
  const connection = await createConnection(await cluster.application());
  await connection.query('CREATE TABLE altered (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB');
  await connection.query('INSERT INTO altered (v) VALUES (1), (2), (3)');
  await connection.end();
});
afterAll(() => scenario?.stop());

const alterSeconds = 60;

/**
 * An ALTER that the primary has done and that keeps the appliers of all replicas busy for a minute: a reader on each of them holds
 * the table's metadata for so long, as a long report does. Resolves when the appliers are in it.
 */
async function alterThatBlocksAppliers(column: string, primary: string): Promise<{ over: Promise<void> }> {
  const replicas = cluster.cluster.members.filter(({ name }) => name !== primary);
  const readers = replicas.map(({ name }) =>
    cluster.session(name, async (session) => {
      await session.query('START TRANSACTION');
      await session.query('SELECT * FROM app.altered');
      await sleep(alterSeconds * 1000);
      await session.query('COMMIT');
    }),
  );
  await sleep(500);
  const connection = await createConnection(await cluster.application());
  await connection.query(`ALTER TABLE altered ADD COLUMN ${column} INT`);
  await connection.end();
  await sleep(500);
  return { over: Promise.all(readers).then(() => undefined) };
}

test('a planned pivot behind a 60 s ALTER is refused with its reasons, or ends well; clients are never held for it', async () => {
  const run = await underLoad(
    cluster,
    async (ledger, { primary }) => {
      const { over } = await alterThatBlocksAppliers('planned', primary);
      const outcome = await scenario.pivot(cluster).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      await ledger.acknowledges(100);
      await over;
      return outcome;
    },
    { convergeMs: 180_000 },
  );
  expect(['done', 'PrecheckFailed', 'NoCandidate', 'SwitchFailed']).toContain(run.result);
  expect(brokenPromises(run)).toEqual([]);
  expect(run.report.gap.ms).toBeLessThan(10_000);
  expect(run.after.epoch).toBe(run.before.epoch + (run.result === 'done' ? 1 : 0));
});

test('the primary is killed behind a 60 s ALTER: the new one is not opened before all is applied, and nothing is lost', async () => {
  const run = await underLoad(
    cluster,
    async (_ledger, { epoch, primary }) => {
      const { over } = await alterThatBlocksAppliers('killed', primary);
      await cluster.container(primary).kill();
      await sleep(10_000);
      // Clients wait; a primary that lacks what was acknowledged would be worse.
      expect((await cluster.state()).epoch).toBe(epoch);
      await over;
      return cluster.untilEpoch(epoch + 1, 60_000);
    },
    { convergeMs: 180_000, maxInFlight: 20_000 },
  );
  expect(brokenPromises(run)).toEqual([]);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
});
