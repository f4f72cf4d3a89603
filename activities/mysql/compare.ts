import { type ErrantRecord, placeOf } from '../../schemas/errant';
import * as gtid from '../../schemas/gtid';
import { sourcesOf } from '../../schemas/member-rules';
import type { ClusterState, Member } from '../../schemas/topology';
import { hostOf } from '../docker/engine';
import { lastWords } from '../docker/wait-for-server';
import type { ActivityEnvironment } from '../environment';
import { redact } from '../redact';
import { readJournal } from '../switch/locked-member';
import { checkEpoch, memberOf, withSession } from './change-member';
import { keepErrant } from './errant';
import { recordErrant } from './errant-records';
import { flavorOf } from './flavors';
import { endOf, samePlace, stoppedAt, wasPrimary } from './lineage';
import { errantBeyond, executedSets } from './observe';
import { createConnect } from './session';
import type { Session } from './types';
import { atLeast, parseVersion } from './version';

export interface Comparison {
  rejoin: 'safe' | 'diverged' | 'rebuild';
  reason: string;
  errant?: string;
  kept?: string;
}

/**
 * Whether a member that is back may follow the primary again. By GTID: it must have nothing that the primary lacks (its set is
 * read first), and need nothing that the primary has purged. Without: only where its place is proven.
 */
export async function compareWithPrimary(env: ActivityEnvironment, state: ClusterState, name: string): Promise<Comparison> {
  const connect = createConnect(env);
  const member = memberOf(state, name);
  if (name === state.primary) return { rejoin: 'safe', reason: `${name} is the primary` };
  return withSession(connect, state, member, {}, (session) =>
    withSession(connect, state, memberOf(state, state.primary), {}, async (primary) => {
      const flavor = flavorOf(session);
      if (!flavor.gtid) {
        await checkEpoch(primary, state);
        return compareWithoutGtid(env, state, member, session, primary);
      }
      const mine = await executedSets(session);
      await checkEpoch(primary, state);
      const errant = await errantBeyond(primary, mine?.state ?? '');
      const theirs = await executedSets(primary);
      if (errant !== '') {
        const kept = await keep(env, state, member, primary, errant, theirs?.state ?? '');
        return {
          rejoin: 'diverged',
          reason: `${name} has ${errant}, which ${state.primary} does not have`,
          errant,
          ...(kept ? { kept } : {}),
        };
      }
      const sources = sourcesOf(state.definition, name, state.primary).map((each) => memberOf(state, each));
      const lacking = (await goesOn(session, sources)) ? '' : await purgedBeyond(primary, mine?.executed ?? '', theirs?.purged);
      if (lacking !== '')
        return { rejoin: 'rebuild', reason: `${name} needs ${lacking}, which ${state.primary} no longer has in its binary logs` };
      return { rejoin: 'safe', reason: `${name} has nothing that ${state.primary} does not have` };
    }),
  );
}

/** Decoded, and remembered in the cluster itself. A primary that can't write now is no reason to lose what was decoded. */
async function keep(
  env: ActivityEnvironment,
  state: ClusterState,
  member: Member,
  primary: Session,
  errant: string,
  primaryState: string,
): Promise<string | undefined> {
  const decoded = await keepErrant(env, state, member, errant, primaryState);
  const { name, volume } = member;
  const record: ErrantRecord = {
    ...decoded,
    member: name,
    epoch: state.epoch,
    volume,
    gtids: errant,
    outcome: 'found',
    decided: '',
    at: new Date().toISOString(),
  };
  try {
    await recordErrant(primary, record);
  } catch (error) {
    env.log.warn({ member: name, errant, error: redact(String(error)) }, 'what a member alone has could not be recorded on the primary');
  }
  return decoded.file === null ? undefined : placeOf(record);
}

/**
 * It replicates from the primary already (or from whom its rule names) and was not refused: whether its place is still there it is told
 * when it goes on. MariaDB would name its binary logs only under a lock that commits hold while they wait for a receipt, maybe that of
 * this very member.
 */
async function goesOn(session: Session, sources: Member[]): Promise<boolean> {
  const view = await flavorOf(session).replication(session);
  const known = sources.some(({ address, port }) => view?.sourceAddress === address && view.sourcePort === port);
  return known && view?.receiverError?.code !== purgedOnSource;
}

/** Fatal error of the source: the binary log that is needed is not there, or the histories differ. */
const purgedOnSource = 1236;

/** What the primary no longer has in its binary logs and the member lacks. */
async function purgedBeyond(primary: Session, executed: string, purged: string | undefined): Promise<string> {
  if (purged !== undefined) return gtid.subtract(purged, executed);
  const [oldest] = await primary.query<{ Log_name: string }>('SHOW BINARY LOGS');
  if (!oldest) return '';
  const [row] = await primary.query<{ position: string | null }>('SELECT BINLOG_GTID_POS(?, 4) AS position', [oldest.Log_name]);
  return gtid.subtract(row?.position ?? '', executed);
}

async function compareWithoutGtid(
  env: ActivityEnvironment,
  state: ClusterState,
  member: Member,
  session: Session,
  primary: Session,
): Promise<Comparison> {
  const rebuild = (reason: string): Comparison => ({ rejoin: 'rebuild', reason });
  // 5.5 keeps its place in a file that is not written with the data.
  if (!atLeast(parseVersion(session.serverVersion), 5, 6) && (await crashed(env, member)))
    return rebuild(`${member.name} had crashed, and replication of ${session.serverVersion} does not survive that`);
  const flavor = flavorOf(session);
  const view = await flavor.replication(session);
  const target = memberOf(state, state.primary);
  const promoted = wasPrimary(member, await readJournal(session), state);
  if (!promoted && view?.sourceAddress === target.address && view.sourcePort === target.port)
    return view.applierError || view.receiverError?.code === purgedOnSource
      ? rebuild(`its replication from ${state.primary} is broken: ${(view.applierError ?? view.receiverError)?.message}`)
      : { rejoin: 'safe', reason: `${member.name} follows ${state.primary} already and goes on where it stopped` };
  const wanted = stoppedAt(await flavorOf(primary).replication(primary));
  const place = view && !promoted ? stoppedAt(view) : endOf(member, await flavor.ownBinlog(session));
  if (samePlace(wanted, place)) return { rejoin: 'safe', reason: `${member.name} stopped where ${state.primary} began` };
  return rebuild(`without GTID it can not be proven that ${member.name} has what ${state.primary} has, and nothing else`);
}

/** Whether the server's last start had to recover; its own words in the container's log. */
async function crashed(env: ActivityEnvironment, member: Member): Promise<boolean> {
  const words = await lastWords(hostOf(env, member.host), member.container, 200);
  const start = words.lastIndexOf('InnoDB: Initializing buffer pool');
  return /not shut down normally|crash recovery/i.test(start < 0 ? words : words.slice(start));
}
