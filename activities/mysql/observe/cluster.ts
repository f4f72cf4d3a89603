import { setTimeout as sleep } from 'node:timers/promises';

import * as gtid from '../../../schemas/gtid';
import { latestRow } from '../../../schemas/journal';
import type { MemberView, Observation } from '../../../schemas/observation';
import type { Cluster } from '../../../schemas/topology';
import type { Connect, Session } from '../types';
import { executedSets, observeMember, type Sight } from './member';

const boundMs = 1000;
/** A member that has not answered by then is waited for beside the next. */
const staggerMs = 30;
/** A receipt that takes longer than this is somebody else's finding. */
const errantBoundMs = 300;

/**
 * All members. Who is primary: the one named, else the one that the highest journal row names. Every replica's set is
 * read before the primary's is read once more, so that what a replica then has beyond it is errant for certain.
 */
export async function observeCluster(connect: Connect, cluster: Cluster, primary?: string): Promise<Observation> {
  const looks: Promise<Sight>[] = [];
  for (const member of cluster.members) {
    const look = observeMember(connect, cluster, member, { boundMs });
    looks.push(look);
    // One after the other where they answer: several servers at once would take a small machine from the clients for 50 ms.
    await Promise.race([look, sleep(staggerMs, undefined, { ref: false })]);
  }
  const sights = await Promise.all(looks);
  const name = primary ?? primaryByJournal(sights.map(({ view }) => view));
  if (name !== undefined) await markErrant(connect, cluster, name, sights);
  return { at: new Date().toISOString(), members: sights.map(({ view }) => view), routers: [] };
}

export function primaryByJournal(views: MemberView[]): string | undefined {
  return latestRow(views.flatMap(({ journal }) => journal ?? []))?.primary;
}

async function markErrant(connect: Connect, cluster: Cluster, primary: string, sights: Sight[]): Promise<void> {
  const member = cluster.members.find(({ name }) => name === primary);
  const seen = sights.find(({ view }) => view.name === primary);
  if (!member || seen?.view.reach !== 'answers') return;
  const replicas = sights.filter(({ view, state }) => view.name !== primary && view.reach === 'answers' && state !== undefined);
  if (replicas.length === 0) return;
  const session = await connect(cluster.definition.name, member, { purpose: 'operation', queryTimeoutMs: boundMs }).catch(() => undefined);
  if (!session) return;
  try {
    for (const replica of replicas) {
      const errant = await errantBeyond(session, replica.state ?? '', errantBoundMs);
      if (errant !== '') replica.view.errant = errant;
    }
  } catch {
    // The primary answered a moment ago and does not now: nothing is known of errant transactions.
  } finally {
    session.end();
  }
}

/** What a member has beyond the primary: a GTID set, or on MariaDB the last of each domain and server. */
export const errantOf = (member: string, primary: string): string => gtid.subtractStates(member, primary);

/**
 * What a member has beyond the primary for certain. With semi-sync a replica applies what the primary has sent and does not count as
 * executed yet, since the receipt is still under way: so what looks errant is compared again until it is not, or the bound is over.
 */
export async function errantBeyond(primary: Session, member: string, within = 1500): Promise<string> {
  for (const deadline = Date.now() + within; ; await sleep(20)) {
    const errant = errantOf(member, (await executedSets(primary))?.state ?? '');
    if (errant === '' || Date.now() > deadline) return errant;
  }
}
