/** What of a cluster that serves may be changed: its members, its subscribers, its limits. On MySQL 8.0, with the guard at work. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Connection, createConnection } from 'mysql2/promise';

import { freePorts } from '../../../platform/ports';
import type { UpdateResult } from '../../../schemas/creation';
import type { GuardView } from '../../../schemas/guard';
import type { MemberChange } from '../../../schemas/member-changes';
import { guardId } from '../../../schemas/names';
import type { Cluster } from '../../../schemas/topology';
import { Receiver } from '../../support/receiver';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';

let scenario: Scenario;
let cluster: TestCluster;
let receiver: Receiver;
let url: string;

beforeAll(async () => {
  const [port] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  receiver = await Receiver.listen();
  scenario = await Scenario.start({
    images: ['drydock/mysql:8.0', 'drydock/haproxy:3.0'],
    env: { DRYDOCK_TOPOLOGY_ADDRESS: String(port) },
  });
  cluster = await scenario.createCluster({ name: 'shop', engine: 'mysql', version: '8.0', settings: { max_connections: '80' } });
  await cluster.ask('shop-1', 'CREATE TABLE drydock.orders (id INT PRIMARY KEY)');
  await cluster.ask('shop-1', 'INSERT INTO drydock.orders VALUES (1)');
});
afterAll(async () => {
  await receiver?.close();
  await scenario?.stop();
});

const guard = (): Promise<GuardView> => scenario.temporal.workflow.getHandle(guardId('shop')).query<GuardView>('cluster');
const healthy = (timeoutMs = 60_000): Promise<GuardView> =>
  until('a healthy cluster in the guard’s eyes', timeoutMs, async () => {
    const seen = await guard();
    return seen.findings.length === 0 && seen.lastObservation
      ? seen
      : seen.findings.map(({ detail }) => detail).join('; ') || 'no look yet';
  });
const names = ({ members }: Pick<Cluster, 'members'>): string[] => members.map(({ name }) => name);

/** The guard may hold the cluster for a moment: whoever asks then is told so, and asks again. */
async function change<Result>(type: Parameters<Scenario['run']>[0], input: object): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await scenario.run<Result>(type, { cluster: 'shop', ...input });
    } catch (error) {
      if ((error as { code?: string }).code !== 'Conflict' || tries > 30) throw error;
      await sleep(1000);
    }
  }
}

const exists = (container: string): Promise<boolean> =>
  scenario.engine
    .getContainer(container)
    .inspect()
    .then(
      () => true,
      () => false,
    );

test('a replica is added: copied from a replica, acknowledging, read from, and known to the guard', async () => {
  const dry = await change<MemberChange>('addMember', { dryRun: true });
  expect(dry).toMatchObject({ added: { name: 'shop-4', serverId: 4 }, donor: 'shop-3', acknowledgers: ['shop-2', 'shop-3', 'shop-4'] });
  expect(names((await scenario.findCluster('shop')).cluster)).toEqual(['shop-1', 'shop-2', 'shop-3']);

  const done = await change<MemberChange>('addMember', {});
  expect(done).toMatchObject({ epoch: 1, added: { name: 'shop-4' }, donor: 'shop-3', acknowledgers: ['shop-2', 'shop-3', 'shop-4'] });
  cluster = await scenario.findCluster('shop');
  expect(cluster.cluster).toMatchObject({ definition: { replicas: 3, candidates: { never: [] } }, revision: 2 });
  // The comparison with the primary stops its applier for a moment.
  await until('it follows with both threads', 30_000, async () => {
    const [row] = await cluster.ask<Record<string, string>>('shop-4', 'SHOW REPLICA STATUS');
    const found = [row?.['Source_Host'], row?.['Replica_IO_Running'], row?.['Replica_SQL_Running']];
    return found.join() === `${cluster.member('shop-1').address},Yes,Yes` ? found : found.join();
  });
  expect(await cluster.ask('shop-4', "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_replica_status'")).toMatchObject([{ Value: 'ON' }]);
  expect(await cluster.ask('shop-4', 'SELECT id FROM drydock.orders')).toMatchObject([{ id: 1 }]);
  const seen = await healthy();
  expect(names(seen.state)).toEqual(['shop-1', 'shop-2', 'shop-3', 'shop-4']);
  await until('it is read from', 20_000, async () => {
    const { lastObservation } = await guard();
    const readers = lastObservation?.routers[0]?.readers ?? [];
    return readers.includes('shop-4') ? readers : readers.join();
  });
});

test('a replica is taken out: nothing of it is left but its volume, and its name is never given again', async () => {
  const primary = await scenario.drydock.start('removeMember', { cluster: 'shop', member: 'shop-1' });
  const refused = await scenario.failureOf(primary);
  expect(refused.code).toBe('PrecheckFailed');
  expect(refused.message).toMatch(/npx drydock pivot shop/);
  const { container, volume } = cluster.member('shop-4');
  const done = await change<MemberChange>('removeMember', { member: 'shop-4' });
  expect(done).toMatchObject({ removed: 'shop-4', kept: [`volume ${volume}`], acknowledgers: ['shop-2', 'shop-3'] });
  expect([await exists(container), await exists(`${container}.address`)]).toEqual([false, false]);
  await scenario.engine.getVolume(volume).inspect();
  cluster = await scenario.findCluster('shop');
  expect(cluster.cluster).toMatchObject({ definition: { replicas: 2 }, removed: ['shop-4'], revision: 3 });
  const seen = await healthy();
  expect(names(seen.state)).toEqual(['shop-1', 'shop-2', 'shop-3']);
  expect(seen.lastObservation?.routers[0]?.readers.sort()).toEqual(['shop-2', 'shop-3']);
  expect(await change<MemberChange>('addMember', { dryRun: true })).toMatchObject({ added: { name: 'shop-5', serverId: 5 } });
  // With three members semi-sync has none to spare.
  const few = await scenario.drydock.start('removeMember', { cluster: 'shop', member: 'shop-3' });
  expect(await scenario.failureOf(few)).toMatchObject({ code: 'PrecheckFailed', problems: [{ path: 'acceptFewAcknowledgers' }] });
});

test('subscribers and limits are changed while it serves, and the guard has them', async () => {
  await mkdir(join(scenario.platform.home.secrets, 'subscribers'), { recursive: true });
  await writeFile(join(scenario.platform.home.secrets, 'subscribers', 'billing'), 'a key that only we two know\n', { mode: 0o600 });
  const subscribers = [{ name: 'billing', webhook: { url: receiver.url, secret: 'subscribers/billing' } }];
  const missing = [{ name: 'audit', webhook: { url: receiver.url, secret: 'subscribers/audit' } }];
  const refused = await scenario.drydock.start('updateCluster', { cluster: 'shop', set: { subscribers: missing } });
  expect(await scenario.failureOf(refused)).toMatchObject({
    code: 'SecretMissing',
    problems: [{ path: 'cluster.subscribers.0.webhook.secret' }],
  });
  const tooMany = await scenario.drydock.start('updateCluster', { cluster: 'shop', set: { connections: { write: 70 } } });
  expect(await scenario.failureOf(tooMany)).toMatchObject({ code: 'PrecheckFailed', problems: [{ path: 'cluster.connections' }] });

  const done = await change<UpdateResult>('updateCluster', { set: { subscribers, connections: { write: 10, read: 20 } } });
  expect(done.changes.map(({ path }) => path)).toEqual(['cluster.connections', 'cluster.subscribers']);
  expect((await guard()).state.definition).toMatchObject({ subscribers, connections: { write: 10, read: 20 } });
  // It hears of the present epoch at once.
  await until('the webhook', 10_000, () => Promise.resolve(receiver.epochs.length > 0 ? receiver.epochs : 'nothing'));
  expect(receiver.deliveries[0]?.announcement).toMatchObject({ cluster: 'shop', epoch: 1, primary: { name: 'shop-1' } });
});

const metric = async (name: string, labels: string): Promise<number | undefined> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && labels.split(',').every((label) => each.includes(label)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};

test('at the limit clients wait at the router and do not fail, also through a pivot; metrics tell sessions and epoch', async () => {
  const application = await cluster.application();
  const connections: Connection[] = [];
  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({ ...application, connectTimeout: 30_000 });
    connection.on('error', () => undefined);
    connections.push(connection);
    return connection;
  };
  try {
    await Promise.all(Array.from({ length: 10 }, connect));
    const waiting = Array.from({ length: 5 }, async () => {
      const connection = await connect();
      const [rows] = await connection.query('SELECT @@server_id AS id');
      return (rows as { id: number }[])[0]?.id;
    });
    const settled = waiting.map((one) => one.then(String, (error: Error) => error.message));
    expect(await Promise.race([...settled, sleep(1500).then(() => 'they wait')])).toBe('they wait');
    await until('the figures', 10_000, async () => {
      const found = {
        write: await metric('drydock_router_sessions', 'port="write"'),
        limit: await metric('drydock_router_session_limit', 'port="write"'),
        primary: await metric('drydock_router_member_sessions', 'port="write",member="shop-1"'),
        epoch: await metric('drydock_router_epoch', 'cluster="shop"'),
      };
      return JSON.stringify(found) === JSON.stringify({ write: 10, limit: 10, primary: 10, epoch: 1 }) ? found : JSON.stringify(found);
    });
    // Not one too many at the server: drydock's own are let in besides.
    const [most] = await cluster.ask<{ Value: string }>('shop-1', "SHOW GLOBAL STATUS LIKE 'Connection_errors_max_connections'");
    expect(most?.Value).toBe('0');

    const pivot = await scenario.pivot(cluster, { to: 'shop-2', proof: false });
    expect(pivot.to).toBe('shop-2');
    // Idle ones were closed, so that those who waited are served, by the new primary and without an error.
    expect(await Promise.all(settled)).toEqual(['2', '2', '2', '2', '2']);
    await until('the webhook', 10_000, () => Promise.resolve(receiver.epochs.at(-1) === 2 ? receiver.epochs : receiver.epochs.join()));
    await until('the new epoch', 10_000, async () =>
      (await metric('drydock_router_epoch', 'cluster="shop"')) === 2 && (await metric('drydock_router_member_sessions', 'member="shop-2"'))
        ? {}
        : 'not yet',
    );
    expect(await metric('drydock_router_session_limit', 'port="write"')).toBe(10);
    await healthy();
  } finally {
    for (const connection of connections) connection.destroy();
  }
});
