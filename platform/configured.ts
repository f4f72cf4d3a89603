import { Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** The Temporal server that the environment names: TEMPORAL_ADDRESS and its companions, or a profile of Temporal's configuration file. */
export function configuredTemporal(): { connection: ConnectionOptions; address: string; namespace: string } {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connection: connectionOptions, address: connectionOptions.address ?? '127.0.0.1:7233', namespace: namespace ?? 'default' };
}

/** Does `work` over a connection of its own. */
export async function withConnection<Result>(
  options: ConnectionOptions,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ connectTimeout: 3000, ...options });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
