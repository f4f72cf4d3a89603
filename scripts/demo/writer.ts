import { readFile } from 'node:fs/promises';

import { createConnection, type RowDataPacket } from 'mysql2/promise';

import { isClean, type Ledger, type LedgerRecords, type LedgerReport, outcomes, startLedger, type Verification } from '../../bench/ledger';
import type { ClusterView } from '../../client/contract';

export const ratePerSecond = 200;
const pool = 8;
/** The schema that the application account owns in every cluster. */
const database = 'app';

export interface Written {
  report: LedgerReport;
  records: LedgerRecords;
  verification: Verification;
  clean: boolean;
}

/** A writer of 200 writes/s through the router that keeps a ledger; clients retry a failed write once, as applications do. */
export async function startWriter(cluster: ClusterView): Promise<Ledger> {
  const { host, port } = cluster.endpoints.write;
  const { user, password } = await application(cluster);
  return startLedger({ host, port, user, password, database, ratePerSecond, pool, retryOnce: true });
}

async function application({ name, credentials }: ClusterView): Promise<{ user: string; password: string }> {
  if (!credentials.application) throw new Error(`${name} has no account for applications`);
  const { user, passwordFile } = credentials.application;
  return { user, password: await readFile(passwordFile, 'utf8') };
}

/** Stops the writer and compares what it was told with what the new primary holds, asked through the router like any client. */
export async function stopAndVerify(ledger: Ledger, cluster: ClusterView): Promise<Written> {
  const { report, records } = await ledger.stop();
  const { host, port } = cluster.endpoints.write;
  const { user, password } = await application(cluster);
  const connection = await createConnection({ host, port, user, password, database });
  try {
    const verification = await ledger.verify(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]);
    return { report, records, verification, clean: isClean(verification) };
  } finally {
    await connection.end();
  }
}

/** When each acknowledged write was acknowledged, ms since 1970. */
export function* acknowledgements({ outcome, ended }: LedgerRecords): Generator<number> {
  const acknowledged = outcomes.indexOf('acknowledged');
  for (let row = 0; row < outcome.length; row += 1) if (outcome[row] === acknowledged) yield ended[row] ?? 0;
}
