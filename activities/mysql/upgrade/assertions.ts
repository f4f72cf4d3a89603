import type { Assertion } from '../../../schemas/upgrade-plan';
import type { AssertionResult } from '../../../schemas/upgrade';
import type { Cluster } from '../../../schemas/topology';
import type { ActivityEnvironment } from '../../environment';
import { memberOf, withSession } from '../change-member';
import { createConnect } from '../session';
import { SessionError } from '../session-error';
import type { Session } from '../types';
import { atLeast, parseVersion } from '../version';

/** An assertion is a question, and no report. */
const boundMs = 60_000;
const mostShown = 200;

/** Asks one member what a user expects of its data; nothing is changed. A statement that fails is an assertion that does not hold. */
export async function checkAssertions(
  env: ActivityEnvironment,
  cluster: Cluster,
  name: string,
  assertions: Assertion[],
): Promise<AssertionResult[]> {
  return withSession(createConnect(env), cluster, memberOf(cluster, name), { queryTimeoutMs: boundMs }, async (session) => {
    const results: AssertionResult[] = [];
    for (const each of assertions) results.push(await check(session, each));
    return results;
  });
}

async function check(session: Session, { name, sql, expect }: Assertion): Promise<AssertionResult> {
  const told = { name: name ?? sql.replace(/\s+/g, ' ').slice(0, 60) };
  // Before 5.6 there is no transaction that only reads; what a statement may begin with is judged with the input.
  const readOnly = atLeast(parseVersion(session.serverVersion), 5, 6);
  await session.query(readOnly ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION');
  try {
    const rows = (await session.query(sql)).map((row) => Object.values(row).map(plain));
    const found = JSON.stringify(rows);
    return { ...told, holds: found === JSON.stringify(wanted(expect)), found: found.slice(0, mostShown) };
  } catch (error) {
    if (!(error instanceof SessionError) || error.errno === undefined) throw error;
    return { ...told, holds: false, found: error.message.slice(0, mostShown) };
  } finally {
    if (session.open) await session.query('ROLLBACK');
  }
}

/** As text, since servers answer numbers in many types; NULL stays what it is. */
const plain = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
};

const wanted = (expect: Assertion['expect']): (string | null)[][] =>
  Array.isArray(expect) ? expect.map((row) => row.map(plain)) : [[plain(expect)]];
