import { sameSide } from '../../schemas/generations';
import { mayBePromoted } from '../../schemas/member-rules';
import type { MemberView, Observation } from '../../schemas/observation';
import type { ClusterState } from '../../schemas/topology';

/** Members that the rules let acknowledge: never those that are never promoted (design: what they keep could not be used). */
export function acknowledgersByRule(state: ClusterState): string[] {
  return state.members
    .filter((member) => member.name !== state.primary)
    .filter((member) => mayBePromoted(state.definition, member))
    .map((member) => member.name);
}

/** Of these, the ones that answer and could acknowledge for a new primary now. */
export function mayAcknowledge(state: ClusterState, observation: Observation): string[] {
  const views = new Map(observation.members.map((view) => [view.name, view]));
  return acknowledgersByRule(state).filter((name) => fit(views.get(name)));
}

/**
 * Those whose receipt the next primary may count: the journal's row that makes it the primary also makes its own generation the only one whose
 * acknowledgements could be used afterwards.
 */
export const acknowledgersFor = (state: ClusterState, observation: Observation, next: string): string[] =>
  mayAcknowledge(state, observation).filter((name) => name !== next && sameSide(state, name, next));

const fit = (view: MemberView | undefined): boolean =>
  view?.reach === 'answers' &&
  !view.errant &&
  !view.replication?.filtered &&
  !view.replication?.applierError &&
  !view.replication?.delaySeconds;

/**
 * How many of the N members that may acknowledge must be cut off from the old primary, so that no set of k receipts can come
 * together any more: N-k+1 (design.md section 6 rule 1).
 */
export const cutOffNeeded = (mayAcknowledgeCount: number, required: number): number => Math.max(1, mayAcknowledgeCount - required + 1);
