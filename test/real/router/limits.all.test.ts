/** Far more clients than members take, on both ports, that come and go: the servers never have to turn one away, whoever is primary. */
import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection, type RowDataPacket } from 'mysql2/promise';

import type { Endpoint } from '../../../schemas/topology';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';

const clientsPerPort = 60;
const forMs = 15_000;
/** Too many connections. */
const turnedAway = 1040;

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start();
  // 18 to write and 18 to each reader: 58 less 22 that are kept free.
  cluster = await scenario.createCluster({
    name: 'shop',
    engine: 'mysql',
    version: '8.0',
    routers: 2,
    settings: { max_connections: '58' },
  });
});
afterAll(() => scenario?.stop());

test('nobody is turned away by a server, nor by a router, while readers come and go and the primary changes twice', async () => {
  const { user, password, database } = await cluster.application();
  const until = Date.now() + forMs;
  let served = 0;
  const errors: { errno?: number; code?: string }[] = [];
  const come = async ({ host, port }: Endpoint): Promise<void> => {
    while (Date.now() < until) {
      try {
        const connection = await createConnection({ host, port, user, password, database, connectTimeout: 30_000 });
        connection.on('error', () => undefined);
        await connection.query<RowDataPacket[]>('SELECT SLEEP(0.05)');
        await connection.end();
        served++;
      } catch (error) {
        errors.push(error as { errno?: number; code?: string });
      }
    }
  };
  const clients = cluster.cluster.routers.flatMap(({ write, read }) =>
    Array.from({ length: clientsPerPort }, (_, index) => come(index % 2 === 0 ? write : read)),
  );
  await sleep(3000);
  await scenario.pivot(cluster, { to: 'shop-2', proof: false });
  await cluster.ask('shop-3', 'STOP REPLICA');
  await sleep(3000);
  await scenario.pivot(cluster, { to: 'shop-1', proof: false }).catch(() => undefined);
  await Promise.all(clients);

  expect(errors.filter(({ errno }) => errno === turnedAway)).toEqual([]);
  for (const { name } of cluster.cluster.members) {
    const rows = await cluster.ask<{ Variable_name: string; Value: string }>(
      name,
      "SHOW GLOBAL STATUS WHERE Variable_name IN ('Connection_errors_max_connections', 'Max_used_connections')",
    );
    const status = Object.fromEntries(rows.map((row) => [row.Variable_name, Number(row.Value)]));
    expect({ name, ...status }).toMatchObject({ name, Connection_errors_max_connections: 0 });
    expect(status['Max_used_connections']).toBeLessThan(58);
  }
  expect(served).toBeGreaterThan(500);
  console.log(`${served} connections were served, ${errors.length} were cut or timed out`);
});
