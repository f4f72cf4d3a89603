/** A member is built anew by a person's decision, and the primary dies in the middle of the copy, which holds the locks of two members. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ErrantResult } from '../../../schemas/errant';
import type { PivotResult } from '../../../schemas/pivot';
import { guardView, untilHealthy } from '../../support/guard-sight';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { brokenPromises, verifyOn } from '../../support/under-load';

/** A switch takes a lock from whoever does not give way after 11 s. */
const notHeldUpMs = 5000;
const bulkRows = 128;

describe.each([
  ['mysql', '8.0'],
  ['mariadb', '10.11'],
] as const)('%s %s', (engine, version) => {
  let scenario: Scenario;
  let cluster: TestCluster;
  beforeAll(async () => {
    scenario = await Scenario.start();
    cluster = await scenario.createCluster({ name: 'shop', engine, version, onErrant: 'hold' });
  });
  afterAll(() => scenario?.stop());

  test('the copy gives way at once, clients write again, and the guard finishes what was begun', async () => {
    const { epoch, primary } = await cluster.untilConverged();
    await cluster.ask(primary, 'CREATE TABLE drydock.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler LONGTEXT)');
    await cluster.ask(primary, "INSERT INTO drydock.bulk (filler) VALUES (REPEAT('x', 500000)), (REPEAT('y', 500000))");
    for (let rows = 2; rows < bulkRows; rows *= 2)
      await cluster.ask(primary, 'INSERT INTO drydock.bulk (filler) SELECT filler FROM drydock.bulk');
    // A backlog is never opened before it is applied: that would be measured instead.
    for (const { name } of cluster.cluster.members)
      await until(`${name} has it`, 60_000, async () => {
        const [row] = await cluster.ask<{ n: number }>(name, 'SELECT COUNT(*) AS n FROM drydock.bulk');
        return Number(row?.n) === bulkRows ? {} : `${row?.n} rows`;
      });
    const member = cluster.cluster.members.find(({ name }) => name !== primary)?.name ?? '';
    const [off, on] = engine === 'mysql' ? ['SET GLOBAL super_read_only=0', 'SET GLOBAL super_read_only=1'] : ['SELECT 1', 'SELECT 1'];
    await cluster.session(member, async (session) => {
      for (const sql of [off, 'CREATE TABLE drydock.alone (id INT PRIMARY KEY)', on]) await session.query(sql);
    });
    await until('it is named and decoded', 60_000, async () => {
      const { entries } = await scenario.run<ErrantResult>('errant', { cluster: cluster.name, decision: 'list' });
      return entries.some((entry) => entry.member === member && entry.kept !== null) ? {} : JSON.stringify(entries);
    });

    const ledger = await cluster.ledger({ maxInFlight: 60_000 });
    try {
      await ledger.acknowledges(100);
      const id = await scenario.drydock.start('errant', { cluster: cluster.name, decision: 'rebuild', member, by: 'ada' });
      await until('it copies', 60_000, async () => {
        const { raw } = await scenario.temporal.workflow.getHandle(id).describe();
        const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'seedMember');
        return pending?.lastWorkerIdentity ? {} : 'not yet';
      });
      await sleep(500);
      const killedAt = Date.now();
      await cluster.container(primary).kill();
      const after = await cluster.untilEpoch(epoch + 1);
      const tookMs = Date.now() - killedAt;
      const { switch: report } = await scenario.drydock.result<PivotResult>(`pivot/${cluster.name}/${after.epoch}`);
      process.stdout.write(
        `${engine} ${version}: new epoch after ${tookMs} ms; ${report.steps.map(({ name, startMs, endMs }) => `${name} ${Math.round(startMs)}-${Math.round(endMs)}`).join(', ')}\n`,
      );
      expect(tookMs).toBeLessThan(notHeldUpMs);
      const done = await scenario.drydock.result<ErrantResult>(id);
      expect(done.deed).toMatch(/the guard builds it/);
      expect(done.proof).toBeUndefined();
      cluster = await scenario.findCluster(cluster.name);
      await cluster.untilConverged();
      await ledger.acknowledges(100);
      const { report: written } = await ledger.stop(30_000);
      const end = await cluster.untilConverged();
      const members: Record<string, Awaited<ReturnType<typeof verifyOn>>> = {};
      for (const { name } of cluster.cluster.members) members[name] = await verifyOn(cluster, ledger, end, name);
      expect(brokenPromises({ members, report: written, witness: { violations: [] } as never })).toEqual([]);
      // It is a new copy: what it alone had is gone with its old volume.
      await expect(cluster.ask(member, 'SELECT * FROM drydock.alone')).rejects.toThrow(/alone/);
      await untilHealthy(scenario, cluster);
      expect((await guardView(scenario, cluster)).guard).toBe('watching');
    } finally {
      ledger.kill();
    }
  });
});
