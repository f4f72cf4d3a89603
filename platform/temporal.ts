import { join } from 'node:path';

import { Connection } from '@temporalio/client';

import { searchAttributes } from '../schemas/names';
import { messageOf, PlatformError, type Say } from './errors';
import type { Home } from './paths';
import { freePorts } from './ports';
import { endProcess, startDaemon, tailOf, until } from './process';
import { forgetProcess, recordedProcess, recordProcess } from './process-file';
import { findTemporal } from './temporal-binary';
import { retentionDays, serverArguments } from './temporal-settings';

export interface TemporalServer {
  address: string;
  uiUrl: string;
  pid: number;
  /** Ends it gently; what it has written stays in the home. */
  stop(): Promise<void>;
}

export interface TemporalOptions {
  home: Home;
  /** 7233 and 8233, or `free` for two that nobody uses. */
  ports: { port: number; uiPort: number } | 'free';
  /** Survives this process (`up`); else it is a child (tests). */
  detached: boolean;
  say: Say;
}

export const defaultPorts = { port: 7233, uiPort: 8233 };
const namespace = 'default';

/** The embedded server of this installation if it runs. */
export const runningTemporal = (home: Home): Promise<{ pid: number; address: string; uiUrl: string } | undefined> =>
  recordedProcess<{ address: string; uiUrl: string }>(home, 'temporal');

/** Starts Temporal's dev server on the database file of the home and waits until it serves. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const program = await findTemporal(options.say);
  const [first, second] = options.ports === 'free' ? await freePorts(2) : [options.ports.port, options.ports.uiPort];
  if (first === undefined || second === undefined) throw new Error('no free ports');
  const address = `127.0.0.1:${first}`;
  if (options.ports !== 'free' && (await answers(address)))
    throw new PlatformError(
      'Internal',
      `another Temporal server listens on ${address} already. Stop it, choose other ports, or use it with --use-configured and TEMPORAL_ADDRESS=${address}.`,
    );
  const log = join(options.home.logs, 'temporal.log');
  const server = startDaemon(program, serverArguments({ database: options.home.database, port: first, uiPort: second }), {
    log,
    detached: options.detached,
  });
  const uiUrl = `http://127.0.0.1:${second}`;
  await recordProcess(options.home, 'temporal', server.pid, { address, uiUrl });
  let problem = '';
  const ready = await until(
    async () => {
      if (server.exitCode !== null) return true;
      problem = await prepareNamespace(address).then(() => '', messageOf);
      return problem === '';
    },
    60_000,
    50,
  );
  if (!ready || server.exitCode !== null) {
    await endProcess(server.pid, 1000);
    await forgetProcess(options.home, 'temporal');
    throw new PlatformError(
      'Internal',
      `Temporal's server did not start to serve at ${address} (${problem}). The end of ${log}:\n${tailOf(log)}`,
    );
  }
  return { address, uiUrl, pid: server.pid, stop: () => stopTemporal(options.home) };
}

/** Stops the embedded server of this installation; a no-op when it does not run. */
export async function stopTemporal(home: Home): Promise<void> {
  const record = await runningTemporal(home);
  if (record) await endProcess(record.pid, 10_000);
  await forgetProcess(home, 'temporal');
}

export async function answers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 1000 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

/** Sets how long closed operations are kept, and sees that the search attributes are known. Rejects while the server is not ready. */
async function prepareNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    const seconds = retentionDays * 24 * 3600;
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) < seconds)
      await connection.workflowService.updateNamespace({
        namespace,
        config: { workflowExecutionRetentionTtl: { seconds: seconds as never } },
      });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(searchAttributes).filter((name) => !(name in customAttributes));
    if (missing.length > 0) throw new Error(`search attributes ${missing.join(', ')} are not known yet`);
  } finally {
    await connection.close();
  }
}
