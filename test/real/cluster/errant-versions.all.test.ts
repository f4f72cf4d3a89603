/** What a member alone wrote, on the other versions: listed, accepted where that is possible, built anew, forgotten. MySQL 8.0 is in members.all.test.ts. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ErrantEntry, ErrantResult } from '../../../schemas/errant';
import { guardView, untilHealthy } from '../../support/guard-sight';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';

describe.each([
  ['mysql', '5.6'],
  ['mariadb', '10.11'],
] as const)('%s %s', (engine, version) => {
  let scenario: Scenario;
  let cluster: TestCluster;
  beforeAll(async () => {
    scenario = await Scenario.start();
    cluster = await scenario.createCluster({ name: 'shop', engine, version, onErrant: 'hold' });
    await cluster.ask('shop-1', 'CREATE TABLE drydock.orders (id INT PRIMARY KEY)');
    await cluster.untilConverged();
  });
  afterAll(() => scenario?.stop());

  const errant = (input: Record<string, unknown>): Promise<ErrantResult> =>
    scenario.run<ErrantResult>('errant', { cluster: cluster.name, proof: false, ...input });
  const rows = async (member: string): Promise<number> =>
    Number((await cluster.ask<{ n: number }>(member, 'SELECT COUNT(*) AS n FROM drydock.orders'))[0]?.n);

  /** The operation's account may write on a read-only member of these versions. */
  async function writeAlone(member: string, id: number): Promise<void> {
    await untilHealthy(scenario, cluster);
    await cluster.ask(member, `INSERT INTO drydock.orders VALUES (${id})`);
    await until('it is named', 30_000, async () => {
      const { findings } = await guardView(scenario, cluster);
      return findings.some(({ diagnosis }) => diagnosis === 'ReplicaDiverged') ? {} : JSON.stringify(findings);
    });
  }

  const untilDecoded = (): Promise<ErrantEntry> =>
    until('it is decoded', 30_000, async () => {
      const entry = (await errant({ decision: 'list' })).entries.find(({ state, kept }) => state === 'waits' && kept !== null);
      return entry ?? 'not yet';
    });

  test('it is kept for a person and listed, with its tables', async () => {
    await writeAlone('shop-3', 900);
    expect(await untilDecoded()).toMatchObject({
      member: 'shop-3',
      transactions: 1,
      changes: [{ table: 'drydock.orders', change: 'insert', rows: 1 }],
    });
    // The guard leaves it to a person.
    await sleep(5000);
    expect(await rows('shop-3')).toBe(1);
  });

  test(engine === 'mysql' ? 'it is accepted' : 'it can not be accepted, and it is said why', async () => {
    if (engine === 'mariadb') {
      await expect(errant({ decision: 'accept', member: 'shop-3' })).rejects.toMatchObject({
        code: 'PrecheckFailed',
        message: expect.stringContaining('gtid_strict_mode') as string,
      });
      return;
    }
    const done = await errant({ decision: 'accept', member: 'shop-3', by: 'ada', reason: 'a test row' });
    expect(done.entries).toMatchObject([{ member: 'shop-3', state: 'accepted', decided: 'accept by ada: a test row' }]);
    await cluster.untilConverged();
    expect([await rows('shop-1'), await rows('shop-3')]).toEqual([0, 1]);
    await writeAlone('shop-3', 901);
  });

  test('it is built anew, its volume is kept aside, and forgotten when a person says so', async () => {
    const { volume } = cluster.member('shop-3');
    const done = await errant({ decision: 'rebuild', member: 'shop-3', proof: true });
    const entry = done.entries.find(({ state }) => state === 'set aside');
    expect(entry).toMatchObject({ member: 'shop-3', kept: expect.stringContaining(volume) as string });
    expect(await scenario.drydock.result(done.proof ?? '')).toMatchObject({ equal: true });
    cluster = await scenario.findCluster(cluster.name);
    await cluster.untilConverged();
    expect(await rows('shop-3')).toBe(await rows('shop-1'));
    await untilHealthy(scenario, cluster);
    await scenario.engine.getVolume(volume).inspect();
    expect((await errant({ decision: 'forget', member: 'shop-3' })).entries).toEqual([]);
    await expect(scenario.engine.getVolume(volume).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
});
