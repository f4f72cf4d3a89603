import { type LedgerRecords, outcomes, type Verification } from './types';

/** One write as a member holds it: how many rows of it, and how many different parts. */
export interface StoredWrite {
  id: number;
  attempt: number;
  rows: number;
  parts: number;
}

/** Any way to ask a member: a session of drydock, or a plain connection. */
export type Ask = (sql: string) => Promise<Record<string, unknown>[]>;

/** Reads a ledger's table on one member and compares. `partsPerWrite` is 2 in mode `transactions`, else 1. */
export async function verifyLedger(
  records: LedgerRecords,
  ask: Ask,
  where: { database: string; table: string; partsPerWrite?: number },
): Promise<Verification> {
  const rows = await ask(
    `SELECT id, attempt, COUNT(*) AS found, COUNT(DISTINCT part) AS parts FROM \`${where.database}\`.\`${where.table}\` GROUP BY id, attempt`,
  );
  const stored = rows.map((row) => ({
    id: Number(row['id']),
    attempt: Number(row['attempt']),
    rows: Number(row['found']),
    parts: Number(row['parts']),
  }));
  return compareLedger(records, stored, where.partsPerWrite ?? 1);
}

/** Pure. Writes are named `id` or `id+retry` in the lists. */
export function compareLedger(records: LedgerRecords, stored: StoredWrite[], partsPerWrite: number): Verification {
  const result: Verification = {
    acknowledged: 0,
    lost: [],
    executedThoughFailed: [],
    unknownPresent: 0,
    unknownAbsent: 0,
    duplicates: [],
    torn: [],
    strangers: [],
  };
  const found = new Map(stored.map((write) => [nameOf(write.id, write.attempt), write]));
  for (let row = 0; row < records.id.length; row++) {
    const name = nameOf(records.id[row] ?? 0, records.attempt[row] ?? 0);
    const write = found.get(name);
    found.delete(name);
    if (write && write.rows > write.parts) result.duplicates.push(name);
    if (write && write.parts < partsPerWrite) result.torn.push(name);
    switch (outcomes[records.outcome[row] ?? 0]) {
      case 'acknowledged':
        result.acknowledged += 1;
        if (!write) result.lost.push(name);
        break;
      case 'failed':
        if (write) result.executedThoughFailed.push(name);
        break;
      default:
        if (write) result.unknownPresent += 1;
        else result.unknownAbsent += 1;
    }
  }
  result.strangers = [...found.keys()];
  return result;
}

/** True when no promise was broken; what was lost with `async` is for the caller to judge. */
export function isClean(verification: Verification): boolean {
  return (
    verification.lost.length === 0 &&
    verification.executedThoughFailed.length === 0 &&
    verification.duplicates.length === 0 &&
    verification.torn.length === 0 &&
    verification.strangers.length === 0
  );
}

const nameOf = (id: number, attempt: number): string => (attempt === 0 ? `${id}` : `${id}+retry`);
