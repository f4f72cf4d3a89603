import { Context } from '@temporalio/activity';

import { contains, count, parse } from '../../schemas/gtid';
import type { ClusterState } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { changeMember, checkEpoch, memberOf, withSession } from './change-member';
import { decideErrant, listErrant } from './errant-records';
import { flavorOf } from './flavors';
import { quoteText } from './flavors/quote';
import { errantBeyond, executedSets } from './observe';
import { createConnect } from './session';
import type { Session } from './types';

/** More are no slip of somebody's hand, and each costs a receipt. */
export const mostAccepted = 10_000;

/**
 * The primary commits an empty transaction under the name (GTID) of each that `name` alone has, so that all sets agree and the member may follow
 * again. Their rows stay on that member and nowhere else. Refuses when the member has other ones than those that the person decided on.
 * A second attempt injects what is still missing. Returns how many.
 */
export async function acceptErrant(
  env: ActivityEnvironment,
  state: ClusterState,
  name: string,
  gtids: string,
  decided: string,
): Promise<number> {
  if (state.definition.engine !== 'mysql')
    throw failure(
      'PrecheckFailed',
      'MariaDB keeps the numbers of a domain growing (gtid_strict_mode), so nothing can be put in below them: rebuild the member',
    );
  const connect = createConnect(env);
  const primary = memberOf(state, state.primary);
  const injected = await changeMember(connect, state, primary, async ({ session, flavor }) => {
    await checkEpoch(session, state);
    if (!flavor.gtid) throw failure('PrecheckFailed', `${session.serverVersion} has no GTID: rebuild the member`);
    if ((await flavor.readOnly(session)).readOnly) throw failure('PrecheckFailed', `${primary.name} is read-only`);
    const mine = await withSession(connect, state, memberOf(state, name), {}, executedSets);
    const errant = await errantBeyond(session, mine?.state ?? '');
    if (!contains(gtids, errant))
      throw failure('ExpectationFailed', `${name} has ${errant} by now, and the decision was about ${gtids}`, [
        { path: `members.${name}.errant`, message: errant },
      ]);
    if (count(errant) > mostAccepted)
      throw failure(
        'PrecheckFailed',
        `${name} has ${count(errant)} transactions of its own, at most ${mostAccepted} are accepted: rebuild it`,
      );
    // A commit that waits for its receipt can't be killed: it must not be the session with the member's lock.
    await withSession(connect, state, primary, {}, (writer) => inject(writer, errant));
    return count(errant);
  });
  await remember(connect, state, name, decided);
  return injected;
}

async function inject(session: Session, errant: string): Promise<void> {
  let done = 0;
  try {
    for (const each of singles(errant)) {
      Context.current().cancellationSignal.throwIfAborted();
      await session.query(`SET SESSION GTID_NEXT=${quoteText(each)}`);
      await session.query('BEGIN');
      await session.query('COMMIT');
      if (++done % 50 === 0) Context.current().heartbeat({ done });
    }
  } finally {
    if (session.open) await session.query("SET SESSION GTID_NEXT='AUTOMATIC'").catch(() => undefined);
  }
}

/** Every transaction of a set by its own name. Pure. */
export function singles(gtids: string): string[] {
  const set = parse(gtids);
  if (set.engine !== 'mysql') return [];
  return [...set.runs].flatMap(([key, runs]) =>
    runs.flatMap(([first, last]) => Array.from({ length: Number(last - first) + 1 }, (_, index) => `${key}:${first + BigInt(index)}`)),
  );
}

async function remember(connect: ReturnType<typeof createConnect>, state: ClusterState, name: string, decided: string): Promise<void> {
  const { volume } = memberOf(state, name);
  const records = (await listErrant(connect, state)).filter(
    (record) => record.member === name && record.volume === volume && record.outcome === 'found',
  );
  await withSession(connect, state, memberOf(state, state.primary), {}, async (session) => {
    if (!flavorOf(session).gtid) return;
    for (const record of records) await decideErrant(session, record, 'accepted', decided);
  });
}
