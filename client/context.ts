import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { type Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

export interface ConnectOptions {
  /** Host and port of Temporal; TEMPORAL_ADDRESS, its configuration file or 127.0.0.1:7233 when not given. */
  address?: string;
  namespace?: string;
  /** The installation whose secret store is named in `credentials`; DRYDOCK_HOME or ~/.drydock when not given. */
  home?: string;
  /** Address of the Temporal UI, for links: DRYDOCK_UI_URL when not given. */
  uiUrl?: string;
}

/** What all parts of the client share. */
export interface ClientContext {
  client: Client;
  connection: Connection;
  namespace: string;
  home: string;
  uiUrl?: string;
}

/** A worker that answers does so well within this; without one, people should not wait long for what the server itself knows. */
export const answerMs = 2_000;

export async function openConnection(options: ConnectOptions): Promise<{ connection: Connection; namespace: string }> {
  const configured = loadClientConnectConfig();
  const connection = await Connection.connect({
    ...configured.connectionOptions,
    ...(options.address ? { address: options.address } : {}),
    connectTimeout: 5_000,
  });
  return { connection, namespace: options.namespace ?? configured.namespace ?? 'default' };
}

export function homeOf(options: ConnectOptions): string {
  return resolve(options.home ?? process.env['DRYDOCK_HOME'] ?? join(homedir(), '.drydock'));
}

/** Runs a request with a deadline. */
export function within<Result>({ connection }: ClientContext, ms: number, request: () => Promise<Result>): Promise<Result> {
  return connection.withDeadline(Date.now() + ms, request);
}
