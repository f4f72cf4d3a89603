/** Shapes of the guard: named diagnoses (after orchestrator's analysis codes) and what it does about them. Plain types. */
import type { Observation } from './observation';
import type { ClusterState } from './topology';

export const diagnoses = [
  'Healthy',
  /** Primary gone: connections closed and refused, and every reachable replica lost it too. */
  'PrimaryDead',
  /** As PrimaryDead, and some replicas are gone too. */
  'PrimaryDeadAndSomeReplicas',
  /** Primary does not answer (hung, or cut off), replicas hear nothing from it either. */
  'PrimaryHung',
  /** We do not reach the primary, but replicas do: losing sight is not losing the primary. */
  'PrimaryUnreachableReplicasReplicating',
  /** We reach too little to be sure: do nothing. */
  'NoQuorumOfSight',
  /** Nobody answers at all. */
  'AllMembersDead',
  /** Primary answers, writes wait for an acknowledgement that nobody gives. */
  'NoAcknowledger',
  /** Primary answers, writes wait: FLUSH TABLES WITH READ LOCK, DDL, full disk, other. */
  'PrimaryBlocked',
  /** Primary answers `Too many connections` or the like. */
  'PrimaryBusy',
  /** Primary answers but refuses writes (read_only was set by somebody). */
  'PrimaryReadOnly',
  /** More than one member is writable. */
  'TwoWritable',
  'ReplicationBroken',
  'ReplicaDown',
  'ReplicaLagging',
  'ReplicaDiverged',
  /** A member that is back and does not replicate from the primary yet. */
  'MemberNotFollowing',
  'RouterBehind',
  'RouterDown',
  /** One replica or fewer may acknowledge: the next loss stops writes. */
  'TooFewAcknowledgers',
  /** Repeated pivots within the window. */
  'Flapping',
] as const;
export type Diagnosis = (typeof diagnoses)[number];

export interface Finding {
  diagnosis: Diagnosis;
  /** Member or router that it is about; the primary when not given. */
  member?: string;
  detail: string;
}

/** What the guard wants done; computed by a pure function from findings. Ordered by urgency. */
export type GuardAction =
  | { kind: 'none' }
  | { kind: 'pivot'; diagnosis: Diagnosis }
  | { kind: 'rejoin'; member: string }
  | { kind: 'start-member'; member: string }
  | { kind: 'tell-router'; router: string }
  | { kind: 'set-readers'; readers: string[] }
  | { kind: 'hold-for-person'; reason: string };

export interface WatchInput {
  state: ClusterState;
  /** Return (with kind `tick`) after so many seconds even if nothing happened. */
  maxSeconds: number;
  /** Findings already known; the watch returns when they change. */
  known: Finding[];
  /** Until this ISO time the primary is expected to be read-only (a planned switch is under way). */
  expectFencingUntil?: string;
}

export interface WatchReport {
  kind: 'changed' | 'tick' | 'shutdown' | 'epoch-moved';
  findings: Finding[];
  observation: Observation;
  /** Time of the first sign of what changed, ISO. */
  firstSignAt: string;
}
