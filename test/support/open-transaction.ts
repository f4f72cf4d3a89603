import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import type { TestCluster } from './test-cluster';

/**
 * A client that leaves a transaction open through the router. A planned switch waits for it up to its bound, so the instant in
 * which something else is killed can be chosen: the routers hold, nothing is fenced yet.
 */
export async function leaveTransactionOpen(cluster: TestCluster): Promise<{ end(): void }> {
  const connection = await createConnection(await cluster.application());
  connection.on('error', () => undefined);
  await connection.query('CREATE TABLE IF NOT EXISTS left_open (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB');
  await connection.query('BEGIN');
  await connection.query('INSERT INTO left_open VALUES (NULL)');
  // Seen by the server as open before anything else happens.
  await sleep(50);
  return { end: () => connection.destroy() };
}
