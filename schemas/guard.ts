/** Shapes of the guard: named diagnoses (after orchestrator's analysis codes) and what it does about them. Plain types. */
import type { Observation } from './observation';
import type { Watchers } from './sight';
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
  /** Nobody answers at all, and the engine says that all are stopped. */
  'AllMembersDead',
  /** Primary answers, writes wait for an acknowledgement that nobody gives. */
  'NoAcknowledger',
  /**
   * The cluster promises semi-sync, and the primary waits for nobody: its next death may lose what it acknowledged. With a member: that
   * replica follows, and whether it acknowledges is not what its role asks for.
   */
  'SemiSyncOff',
  /** Primary answers, writes wait: FLUSH TABLES WITH READ LOCK, DDL, full disk, other. */
  'PrimaryBlocked',
  /** Primary answers `Too many connections` or the like. */
  'PrimaryBusy',
  /** Primary answers but refuses writes (it was restarted, or read_only was set by somebody). */
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
  /** PrimaryReadOnly only: it was restarted since it last took a write, so nobody made it read-only on purpose. */
  restarted?: true;
}

/**
 * What the watch remembers beyond one observation. Durations are milliseconds up to the moment of the observation.
 */
export interface Facts {
  /** Since the primary last answered anything; 0 when it answers now. */
  primarySilentMs: number;
  /** The heartbeat write on the primary. */
  heartbeat: {
    /** How long the present write has been waiting; 0 when none waits. */
    blockedMs: number;
    /** Error of the last write or of the last attempt to connect for it, when it failed. */
    error?: { errno: number; message: string };
    /** What the server says that the waiting write waits for (its state in the process list). */
    state?: string;
  };
  /** By replica: since anything arrived from its source (position or heartbeat count advanced); null when not known yet. */
  unheardMs: Record<string, number | null>;
  /** By replica: measured by the heartbeat row, in milliseconds behind the primary's last row; null when not known. */
  lagMs: Record<string, number | null>;
  /** The primary was started after its last heartbeat row was written. */
  primaryRestarted: boolean;
  /** A planned switch told that it fences the primary now. */
  fencingExpected: boolean;
}

/** What the guard wants done; computed by a pure function from findings. Ordered by urgency. */
export type GuardAction =
  | { kind: 'pivot'; diagnosis: Diagnosis; unplanned: boolean }
  /** Makes a member that must not write read-only. */
  | { kind: 'fence'; member: string }
  /** The restarted primary is opened again. */
  | { kind: 'reopen-primary'; member: string }
  /** `besidePivot`: a pivot that holds the cluster waits for it. */
  | { kind: 'start-member'; member: string; besidePivot?: true }
  /** Its container is gone: built anew on an empty volume; the old one is kept. */
  | { kind: 'rebuild'; member: string }
  /** Follow the primary again, or build anew when that is not safe. */
  | { kind: 'rejoin'; member: string }
  /** The settings of its role are put in place again. */
  | { kind: 'apply-role'; member: string }
  | { kind: 'tell-router'; router: string }
  | { kind: 'set-readers'; readers: string[] }
  | { kind: 'hold-for-person'; reason: string };

/** A pivot that the guard started. */
export interface GuardPivot {
  /** ISO time. */
  at: string;
  /** The epoch that it leads to. */
  epoch: number;
  diagnosis: Diagnosis;
  outcome: 'running' | 'done' | 'failed';
  /** Why it failed. */
  problem?: string;
}

export interface GuardAttempt {
  failed: number;
  /** Of these, those that did not reach a member: they say nothing about its data. */
  unreachable?: number;
  notBefore: string;
  lastError: string;
}

/** What the guard workflow remembers: plain JSON, carried through continue-as-new. */
export interface GuardMemory {
  state: ClusterState;
  findings: Finding[];
  /** A switch is done, and its pivot still moves the other members: for readers. */
  moved?: { epoch: number; primary: string };
  /** The epoch that subscribers were last told of by the guard. */
  told?: number;
  pivots: GuardPivot[];
  /** Why the guard holds still until `resume`. */
  held?: { reason: string; since: string; by: string; flapping?: true };
  /** `overdue`: its bound ran out while nobody was there to end it, so a person must. */
  maintenance?: { since: string; until?: string; by?: string; reason?: string; overdue?: true };
  /** ISO time until which a planned switch may fence the primary. */
  fencingUntil?: string;
  /** Heals start only after this ISO time: a pivot that has just ended repoints members itself. */
  healAfter?: string;
  /** An operation waits until heals have ended: none begins before this ISO time. */
  awaitedUntil?: string;
  /** By `kind:member` (or router): attempts since it was last well, and when the next may be made. */
  attempts: Record<string, GuardAttempt>;
  /** Members that are being built anew, or were when that was cut off. */
  rebuilding?: string[];
  /** By member: the operation that builds it and gives way to a pivot when it is asked to. */
  builders?: Record<string, string>;
  /** What the routers were last told. */
  readers?: string[];
  /** The last fault of drydock's own, after which a new run took over. */
  fault?: { at: string; message: string };
}

export interface WatchInput {
  state: ClusterState;
  /** Return (with kind `tick`) after so many seconds even if nothing happened. */
  maxSeconds: number;
  /** Findings already known; the watch returns when they change. */
  known: Finding[];
  /** Until this ISO time the primary is expected to be read-only (a planned switch is under way). */
  expectFencingUntil?: string;
  /** Readers that the routers should have, to see routers that were restarted or missed a change. */
  readers?: string[];
}

export interface WatchReport {
  kind: 'changed' | 'tick' | 'shutdown' | 'epoch-moved';
  findings: Finding[];
  observation: Observation;
  /** Time of the first sign of what changed, ISO. */
  firstSignAt: string;
  /** Whose word a loss needs beside this one; only where the inventory names observers. */
  watchers?: Watchers;
}

/** Answer of the guard's query `cluster`. */
export interface GuardView {
  state: ClusterState;
  findings: Finding[];
  guard: 'watching' | 'held';
  /** Why it is held, or what goes on (`maintenance until ...`). */
  note?: string;
  maintenance?: GuardMemory['maintenance'];
  lastObservation?: Observation;
  pivots: GuardPivot[];
}
