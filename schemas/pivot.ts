/** Shapes of the pivot: its plan, the order to switch, what was measured. Plain types. */
import type { Problem } from './error-codes';
import type { Observation } from './observation';
import type { ClusterState } from './topology';

/** Why each member may or may not be promoted, best first. */
export interface CandidateVerdict {
  member: string;
  eligible: boolean;
  reasons: string[];
}

/** To which side of an upgrade a planned pivot goes: only a member of that may be promoted. */
export type Towards = 'new' | 'old';

export interface PivotPlan {
  cluster: string;
  epoch: number;
  nextEpoch: number;
  from: string;
  to: string;
  candidates: CandidateVerdict[];
  /** Problems that refuse the pivot, all together. */
  problems: Problem[];
  /** Worth knowing, refuses nothing. */
  warnings: string[];
  /** Member that acknowledges for the new primary before it opens (semi-sync only). */
  acknowledgers: string[];
  /** Unplanned: of these members that may have acknowledged, so many must stop receiving before the old primary counts as fenced. */
  cutOff: { of: string[]; needed: number };
  /** Members whose received writes count in the comparison: those that may be promoted if they have received most. */
  comparable: string[];
  prediction: { interruptionMs: number; catchUpSeconds: number; loses: string };
}

/** Passed by the guard to the unplanned pivot that it starts, so that nothing has to be looked at again on the critical path. */
export interface GuardEvidence {
  diagnosis: string;
  state: ClusterState;
  observation: Observation;
  /** ISO time at which the first sign was seen. */
  firstSignAt: string;
}

export interface SwitchInput {
  operation: string;
  state: ClusterState;
  plan: PivotPlan;
  unplanned: boolean;
  /** Members that answered when it was decided: only these are asked, since a dead address may answer nothing at all. */
  members: string[];
  transactionBoundMs: number;
  reason: string;
  /** A person accepted to go on without proof of fencing or with too few acknowledgers. */
  accepted: { unfenced: boolean; loss: boolean };
}

export interface TimedStep {
  name: string;
  /** Milliseconds since the switch began. */
  startMs: number;
  endMs: number;
  detail?: string;
}

/** How the old primary was proven not to accept writes. */
export type FenceProof = 'read-only' | 'container-stopped' | 'fence-command' | 'cannot-acknowledge' | 'accepted-split-brain';

export type SwitchOutcome =
  /** The new primary is open and the routers point to it. */
  | 'switched'
  /** Everything was put back as it was; `problem` says why. */
  | 'given-up'
  /** Another member has received more than the planned one: decide again with `received`. Nothing was opened. */
  | 'decide-again'
  /** No proof of fencing, or too few acknowledgers reachable: a person must decide. Clients are held; nothing was opened. */
  | 'held-for-person';

export interface SwitchReport {
  outcome: SwitchOutcome;
  epoch: number;
  primary: string;
  fence?: FenceProof;
  problem?: Problem;
  code?: 'NotFenced' | 'TooFewAcknowledgers' | 'CatchUpTimeout' | 'StaleEpoch' | 'SwitchFailed' | 'NoCandidate';
  steps: TimedStep[];
  /** Milliseconds during which the routers held new connections. */
  heldMs: number;
  /** Transactions that were cut because they did not end within the bound. */
  cutTransactions: number;
  /** The old primary was lost inside a planned switch: from here on the pivot is an unplanned one. */
  lostOld: boolean;
  warnings: string[];
  /** Where the new primary's binary log stood before it was opened: file and position clusters repoint to it. */
  openedAt?: { file: string; position: number };
  /** Where the old primary's binary log ended (planned) or the furthest received (unplanned). */
  closedAt?: { file: string; position: number };
  /** Members already replicating from the new primary. */
  repointed: string[];
  routersConfirmed: string[];
  routersMissing: string[];
}

export interface PivotResult {
  cluster: string;
  epoch: number;
  from: string;
  to: string;
  unplanned: boolean;
  switch: SwitchReport;
  repointed: string[];
  /** Members that do not follow the new primary yet, and why; the guard sees to them. */
  aside: { member: string; reason: string }[];
  /** Operation that proves in the background that all members hold the same data. */
  proof?: string;
}

/** Answer of a dry run. */
export interface PivotPreview {
  plan: PivotPlan;
}

export interface ProofReport {
  equal: boolean;
  tables: number;
  rows: number;
  bytes: number;
  chunks: number;
  differences: { member: string; table: string; chunk: string }[];
  /** Tables that could not be compared, and why. */
  unchecked: { table: string; reason: string }[];
  seconds: number;
}
