import * as gtid from '../../../schemas/gtid';
import type { MemberView, Observation } from '../../../schemas/observation';
import type { Cluster } from '../../../schemas/topology';
import type { Connect, Session } from '../types';
import { executedSets, observeMember, type Sight } from './member';

const boundMs = 1000;

/**
 * All members at once. Who is primary: the one named, else the one that the highest journal row names. Every replica's set is
 * read before the primary's is read once more, so that what a replica then has beyond it is errant for certain.
 */
export async function observeCluster(connect: Connect, cluster: Cluster, primary?: string): Promise<Observation> {
  const sights = await Promise.all(cluster.members.map((member) => observeMember(connect, cluster, member, { boundMs })));
  const name = primary ?? primaryByJournal(sights.map(({ view }) => view));
  if (name !== undefined) await markErrant(connect, cluster, name, sights);
  return { at: new Date().toISOString(), members: sights.map(({ view }) => view), routers: [] };
}

export function primaryByJournal(views: MemberView[]): string | undefined {
  return views
    .flatMap(({ journal }) => (journal ? [journal] : []))
    .sort((a, b) => b.epoch - a.epoch)
    .at(0)?.primary;
}

async function markErrant(connect: Connect, cluster: Cluster, primary: string, sights: Sight[]): Promise<void> {
  const member = cluster.members.find(({ name }) => name === primary);
  const seen = sights.find(({ view }) => view.name === primary);
  if (!member || seen?.view.reach !== 'answers') return;
  const replicas = sights.filter(({ view, state }) => view.name !== primary && view.reach === 'answers' && state !== undefined);
  if (replicas.length === 0) return;
  const state = await stateNow(connect, cluster, member).catch(() => undefined);
  if (state === undefined) return;
  for (const replica of replicas) {
    const errant = errantOf(replica.state ?? '', state);
    if (errant !== '') replica.view.errant = errant;
  }
}

/** What a member has beyond the primary: a GTID set, or on MariaDB the last of each domain and server. */
export const errantOf = (member: string, primary: string): string => gtid.subtractStates(member, primary);

async function stateNow(connect: Connect, cluster: Cluster, member: Cluster['members'][number]): Promise<string | undefined> {
  const session: Session = await connect(cluster.definition.name, member, { purpose: 'operation', queryTimeoutMs: boundMs });
  try {
    return (await executedSets(session))?.state;
  } finally {
    session.end();
  }
}
