import { Context } from '@temporalio/activity';

import { accounts } from '../../../../schemas/names';
import { sleep } from '../../flavors/wait';
import type { Session } from '../../types';
import { atLeast, parseVersion } from '../../version';
import { digestOf } from './judge-read';

export interface SeenRead {
  sql: string;
  schema: string | null;
}

export type ReadSource = 'performance_schema' | 'process list';

const mostStatements = 500;
/** Longer ones are left out: what is cut can't be run. */
const longest = 8000;
const betweenLooksMs = 50;
const recentSeconds = 3600;

/**
 * The reads that applications send to a server. MySQL 8.0 and later keep one whole statement of each kind anyway; of the others the process list is looked at for some time,
 * which shows reads the more often the longer they take. Neither changes a setting nor writes a log.
 */
export async function recentReads(session: Session, seconds: number): Promise<{ source: ReadSource; reads: SeenRead[] }> {
  const kept = await keptSamples(session);
  return kept.length > 0
    ? { source: 'performance_schema', reads: kept }
    : { source: 'process list', reads: await watched(session, seconds) };
}

async function keptSamples(session: Session): Promise<SeenRead[]> {
  const version = parseVersion(session.serverVersion);
  if (version.engine !== 'mysql' || !atLeast(version, 8, 0, 3)) return [];
  const rows = await session.query<{ sql: string | null; s: string | null }>(
    'SELECT QUERY_SAMPLE_TEXT AS `sql`, SCHEMA_NAME AS s FROM performance_schema.events_statements_summary_by_digest ' +
      `WHERE QUERY_SAMPLE_TEXT IS NOT NULL AND LAST_SEEN > NOW() - INTERVAL ${recentSeconds} SECOND ` +
      "AND (DIGEST_TEXT LIKE 'SELECT%' OR DIGEST_TEXT LIKE 'WITH%') " +
      // Those of the comparison of all data.
      "AND DIGEST_TEXT NOT LIKE 'SELECT COUNT ( * ) AS `rows` , COALESCE%' AND DIGEST_TEXT NOT LIKE '%FORCE INDEX%LIMIT%' " +
      `ORDER BY SUM_TIMER_WAIT DESC LIMIT ${mostStatements}`,
  );
  return rows.flatMap(({ sql, s }) => (sql === null ? [] : [{ sql, schema: s }]));
}

const ours = [accounts.operation, accounts.guard, accounts.replication].map((user) => `'${user}'`).join(', ');

async function watched(session: Session, seconds: number): Promise<SeenRead[]> {
  const context = Context.current();
  const byKind = new Map<string, SeenRead>();
  for (const end = Date.now() + seconds * 1000; Date.now() < end && byKind.size < mostStatements; await sleep(betweenLooksMs)) {
    context.cancellationSignal.throwIfAborted();
    context.heartbeat();
    const rows = await session.query<{ sql: string | null; s: string | null }>(
      `SELECT LEFT(INFO, ${longest + 1}) AS \`sql\`, DB AS s FROM information_schema.PROCESSLIST ` +
        `WHERE COMMAND = 'Query' AND INFO IS NOT NULL AND ID <> CONNECTION_ID() AND USER NOT IN (${ours})`,
    );
    for (const { sql, s } of rows)
      if (sql !== null && sql.length <= longest) {
        const kind = `${s} ${digestOf(sql)}`;
        if (!byKind.has(kind)) byKind.set(kind, { sql, schema: s });
      }
  }
  return [...byKind.values()];
}
