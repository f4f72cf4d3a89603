/** May what a person decided about a member's own transactions be done: pure. */
import type { Problem } from '../../schemas/error-codes';
import { type ErrantDecision, type ErrantEntry, type ErrantRecord, isHalfBuilt } from '../../schemas/errant';
import { delayOf } from '../../schemas/member-rules';
import type { Observation } from '../../schemas/observation';
import type { ClusterState } from '../../schemas/topology';
import { acknowledgersByRule } from '../pivot/acknowledgers';

export interface ErrantPlan {
  problems: Problem[];
  /** What will be done, in one line. */
  deed: string;
  /** `accept` only: the transactions that the person decided on. */
  gtids: string;
  /** `forget` only: what is deleted. */
  records: ErrantRecord[];
}

export function planErrant(
  state: ClusterState,
  observation: Observation,
  { entries, records }: { entries: ErrantEntry[]; records: ErrantRecord[] },
  decision: Exclude<ErrantDecision, 'list'>,
  member: string,
): ErrantPlan {
  const plan: ErrantPlan = { problems: [], deed: '', gtids: '', records: [] };
  const problem = (path: string, message: string): ErrantPlan => ({ ...plan, problems: [{ path, message }] });
  const names = state.members.map(({ name }) => name);
  if (!names.includes(member)) return problem('member', `no member ${member}; members are ${names.join(', ')}`);
  const waiting = entries.find((entry) => entry.member === member && entry.state === 'waits');
  if (decision === 'forget') {
    if (waiting) return problem('member', `${member} has ${waiting.gtids} now: resolve that first, by --rebuild or --accept`);
    const kept = records.filter((record) => record.member === member && record.outcome !== 'forgotten');
    if (kept.length === 0) return problem('member', `nothing is kept of ${member}`);
    const current = state.members.find(({ name }) => name === member)?.volume;
    const what = kept.map(({ volume, file }) => (volume !== current && volume !== '' ? `volume ${volume}` : (file ?? 'nothing')));
    return { ...plan, records: kept, deed: `delete for good ${[...new Set(what)].join(', ')}` };
  }
  if (member === state.primary) return problem('member', `${member} is the primary: what it has, the cluster has`);
  const primary = observation.members.find(({ name }) => name === state.primary);
  if (primary?.reach !== 'answers')
    return problem(`members.${state.primary}`, `the primary does not answer (${primary?.error ?? 'not seen'})`);
  const adopted = state.members.some((each) => each.name === member && each.adopted);
  const own = observation.members.find(({ name }) => name === member);
  if (decision === 'rebuild' && adopted && own?.reach !== 'answers')
    return problem(
      'member',
      `${member} does not answer (${own?.error ?? 'not seen'}), and what it has is kept before it is overwritten: start its server first, or, where its data ` +
        'are lost, restore any backup of another member there (docs/adoption.md)',
    );
  if (decision === 'rebuild' && isOnlyAcknowledger(state, observation, member))
    return problem('member', `${member} is the only one that acknowledges for ${state.primary}: writes would wait until it is built`);
  if (decision === 'rebuild' && adopted)
    return { ...plan, deed: `keep all that ${member} has in a volume, and copy the data of another member over it in its place` };
  if (decision === 'rebuild')
    return { ...plan, deed: `build ${member} anew from a replica; its volume with ${waiting?.gtids ?? 'all of its data'} is kept aside` };
  if (waiting && isHalfBuilt(waiting.gtids)) return problem('member', `${member} is half built: --rebuild begins anew`);
  if (!waiting) return problem('member', `${member} has no transactions that ${state.primary} does not have`);
  if (state.definition.engine !== 'mysql')
    return problem('member', 'MariaDB keeps the numbers of a domain growing (gtid_strict_mode), so nothing can be accepted: use --rebuild');
  return {
    ...plan,
    gtids: waiting.gtids,
    deed: `${state.primary} takes ${waiting.gtids} for known without having what they changed: those rows stay on ${member} alone`,
  };
}

/** It receives from the primary, and nobody else does whose receipt counts. */
function isOnlyAcknowledger(state: ClusterState, observation: Observation, member: string): boolean {
  if (state.definition.durability !== 'semi-sync') return false;
  const receives = acknowledgersByRule(state).filter((name) =>
    observation.members.some((view) => view.name === name && view.reach === 'answers' && view.replication?.receiver === 'running'),
  );
  return receives.length === 1 && receives[0] === member;
}

/** The last replica that shows the present; the primary when there is none. */
export function donorFor(state: ClusterState, observation: Observation, member: string): string {
  const fit = observation.members.filter(
    ({ name, reach, replication, errant }) =>
      name !== member &&
      name !== state.primary &&
      reach === 'answers' &&
      !errant &&
      replication?.applier === 'running' &&
      replication.receiver === 'running' &&
      replication.delaySeconds === 0 &&
      delayOf(state.definition, name) === 0,
  );
  return fit.at(-1)?.name ?? state.primary;
}
