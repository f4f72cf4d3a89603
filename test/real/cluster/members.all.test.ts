/** Delayed and cascading members, maintenance, and transactions that a member alone has: on MySQL 8.0, with the guard at work. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ErrantResult } from '../../../schemas/errant';
import type { GuardView } from '../../../schemas/guard';
import { guardId } from '../../../schemas/names';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';

let scenario: Scenario;
let cluster: TestCluster;
const delay = 3600;

beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({
    name: 'shop',
    engine: 'mysql',
    version: '8.0',
    replicas: 4,
    onErrant: 'hold',
    members: { 'shop-4': { delaySeconds: delay }, 'shop-5': { follows: 'shop-2' } },
  });
  await cluster.ask('shop-1', 'CREATE TABLE drydock.orders (id INT PRIMARY KEY)');
});
afterAll(() => scenario?.stop());

interface Replication {
  Source_Host: string;
  SQL_Delay: number;
  Replica_IO_Running: string;
  Replica_SQL_Running: string;
  Relay_Log_Space: number;
}

async function replicationOf(member: string): Promise<Replication> {
  const [row] = await cluster.ask<Replication>(member, 'SHOW REPLICA STATUS');
  if (!row) throw new Error(`${member} does not replicate`);
  return row;
}

const addressOf = (member: string): string => cluster.member(member).address;
const acknowledges = async (member: string): Promise<number> =>
  Number((await cluster.ask<{ on: number }>(member, 'SELECT @@GLOBAL.rpl_semi_sync_replica_enabled AS `on`'))[0]?.on);

/** Follows `source` with both threads. */
const follows = (member: string, source: string, timeoutMs = 60_000): Promise<Replication> =>
  until(`${member} follows ${source}`, timeoutMs, async () => {
    const row = await replicationOf(member);
    if (row.Source_Host !== addressOf(source)) return `it follows ${row.Source_Host}`;
    return row.Replica_IO_Running === 'Yes' && row.Replica_SQL_Running === 'Yes' ? row : JSON.stringify(row);
  });

const rows = async (member: string): Promise<number> =>
  Number((await cluster.ask<{ n: number }>(member, 'SELECT COUNT(*) AS n FROM drydock.orders'))[0]?.n);

const view = (): Promise<GuardView> => scenario.temporal.workflow.getHandle(guardId(cluster.name)).query<GuardView>('cluster');
const healthy = (timeoutMs = 60_000): Promise<GuardView> =>
  until('a healthy cluster in the guard’s eyes', timeoutMs, async () => {
    const seen = await view();
    return seen.findings.length === 0 && seen.lastObservation ? seen : seen.findings.map(({ detail }) => detail).join('; ');
  });

test('they are set up as the cluster file says, acknowledge nothing, and nothing is wrong with them', async () => {
  expect(await follows('shop-5', 'shop-2')).toMatchObject({ SQL_Delay: 0 });
  expect(await follows('shop-4', 'shop-1')).toMatchObject({ SQL_Delay: delay });
  expect([await acknowledges('shop-4'), await acknowledges('shop-5'), await acknowledges('shop-2')]).toEqual([0, 0, 1]);
  await cluster.ask('shop-1', 'INSERT INTO drydock.orders VALUES (1)');
  await until('the cascading member has it', 10_000, async () => ((await rows('shop-5')) === 1 ? {} : 'not yet'));
  await expect(rows('shop-4')).rejects.toThrow(/doesn't exist/);
  await healthy();
  await sleep(5000);
  expect((await healthy()).findings).toEqual([]);
  const { replicas } = await scenario.drydock.cluster(cluster.name);
  expect(replicas.find(({ name }) => name === 'shop-5')).toMatchObject({ source: 'shop-2', delaySeconds: 0 });
  expect(replicas.find(({ name }) => name === 'shop-4')).toMatchObject({ source: 'shop-1', delaySeconds: delay });
});

test('a planned pivot to the intermediate: the cascading member stays, the delayed one keeps its delay, neither is a candidate', async () => {
  const dry = await scenario.run<{ plan: { candidates: { member: string; reasons: string[] }[] } }>('pivot', {
    cluster: cluster.name,
    dryRun: true,
  });
  const reasons = Object.fromEntries(dry.plan.candidates.map((each) => [each.member, each.reasons.join()]));
  expect(reasons['shop-4']).toMatch(/delays it by 3600 s/);
  expect(reasons['shop-5']).toMatch(/follow shop-2/);
  const done = await scenario.pivot(cluster, { to: 'shop-2' });
  expect(done.aside).toEqual([]);
  expect(await follows('shop-5', 'shop-2')).toBeDefined();
  expect(await follows('shop-4', 'shop-2')).toMatchObject({ SQL_Delay: delay });
  await cluster.ask('shop-2', 'INSERT INTO drydock.orders VALUES (2)');
  await until('the cascading member has it', 10_000, async () => ((await rows('shop-5')) === 2 ? {} : 'not yet'));
});

test('the intermediate is killed as the primary: the cascading member finds the new one, and goes back when its own is there again', async () => {
  const before = await cluster.state();
  await healthy();
  await cluster.container('shop-2').kill();
  const after = await cluster.untilEpoch(before.epoch + 1);
  expect(['shop-1', 'shop-3']).toContain(after.primary);
  expect(await follows('shop-4', after.primary)).toMatchObject({ SQL_Delay: delay });
  await follows('shop-2', after.primary, 90_000);
  await follows('shop-5', 'shop-2', 90_000);
  await healthy(90_000);
});

test('the intermediate is lost as a replica: the cascading member follows the primary meanwhile', async () => {
  const { primary } = await cluster.state();
  await scenario.drydock.control(guardId(cluster.name), 'resume', { by: 'test' }).catch(() => undefined);
  await cluster.container('shop-2').pause();
  try {
    await follows('shop-5', primary);
  } finally {
    await cluster.container('shop-2').unpause();
  }
  await follows('shop-5', 'shop-2');
  await healthy(90_000);
});

test('maintenance: a stopped replica is left alone until its end', async () => {
  const { primary } = await cluster.state();
  const replica = ['shop-1', 'shop-3'].find((name) => name !== primary) ?? '';
  const until8 = new Date(Date.now() + 8000).toISOString();
  expect((await scenario.drydock.maintenance(cluster.name, { on: true, until: until8, by: 'ada', reason: 'new disk' })).message).toContain(
    until8,
  );
  await cluster.ask(replica, 'STOP REPLICA');
  await sleep(5000);
  expect(await replicationOf(replica)).toMatchObject({ Replica_IO_Running: 'No' });
  expect((await scenario.drydock.cluster(cluster.name)).maintenance).toMatchObject({ by: 'ada', until: until8 });
  await follows(replica, primary);
  expect((await scenario.drydock.cluster(cluster.name)).maintenance).toBeUndefined();
  await expect(scenario.drydock.maintenance(cluster.name, { on: false })).rejects.toMatchObject({ code: 'NotAllowedNow' });
  await healthy();
});

const errant = (input: Record<string, unknown>): Promise<ErrantResult> =>
  scenario.run<ErrantResult>('errant', { cluster: cluster.name, proof: false, ...input });

async function writeAlone(member: string, id: number): Promise<void> {
  await cluster.session(member, async (session) => {
    await session.query('SET GLOBAL super_read_only=0');
    await session.query(`INSERT INTO drydock.orders VALUES (${id})`);
    await session.query('SET GLOBAL super_read_only=1');
  });
  await until('it is named', 30_000, async () =>
    (await view()).findings.some(({ diagnosis }) => diagnosis === 'ReplicaDiverged') ? {} : 'not yet',
  );
}

test('what a member alone wrote is kept for a person, listed, and accepted', async () => {
  const { primary } = await cluster.state();
  const replica = ['shop-1', 'shop-3'].find((name) => name !== primary) ?? '';
  await writeAlone(replica, 900);
  const listed = await until('it is decoded', 30_000, async () => {
    const [first] = (await errant({ decision: 'list' })).entries;
    return first?.kept ? first : JSON.stringify(first ?? 'nothing');
  });
  expect(listed).toMatchObject({
    member: replica,
    state: 'waits',
    transactions: 1,
    changes: [{ table: 'drydock.orders', change: 'insert', rows: 1 }],
  });
  const dry = await errant({ decision: 'accept', member: replica, dryRun: true });
  expect(dry.deed).toContain(listed.gtids);
  expect((await errant({ decision: 'list' })).entries[0]?.state).toBe('waits');
  const done = await errant({ decision: 'accept', member: replica, by: 'ada', reason: 'a test row' });
  expect(done.entries).toMatchObject([{ member: replica, state: 'accepted', decided: 'accept by ada: a test row' }]);
  await follows(replica, primary);
  await healthy();
  const counts = [await rows(primary), await rows(replica)];
  expect(counts[1]).toBe((counts[0] ?? 0) + 1);
});

test('another is built anew, its volume is kept aside, and forgotten when a person says so', async () => {
  const { primary } = await cluster.state();
  const replica = ['shop-1', 'shop-3'].find((name) => name !== primary) ?? '';
  const { volume } = cluster.member(replica);
  await writeAlone(replica, 901);
  const done = await errant({ decision: 'rebuild', member: replica });
  expect(done.entries[0]).toMatchObject({ member: replica, state: 'set aside', changes: [{ table: 'drydock.orders', rows: 1 }] });
  await follows(replica, primary);
  expect(await rows(replica)).toBe(await rows(primary));
  await healthy(90_000);
  await scenario.engine.getVolume(volume).inspect();
  const gone = await errant({ decision: 'forget', member: replica });
  expect(gone.deed).toContain(volume);
  expect(gone.entries).toEqual([]);
  await expect(scenario.engine.getVolume(volume).inspect()).rejects.toMatchObject({ statusCode: 404 });
});
