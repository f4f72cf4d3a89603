/**
 * The names that drydock and its users share: task queues, workflow ids, search attributes, labels.
 * No imports, so that workflow code may use it without pulling zod into the workflow bundle.
 */

/** Task queues. Plans run on `plans`; each kind of work has its own queue and slots, so that bulk work never starves a pivot. */
export const queues = {
  plans: 'drydock',
  guard: 'drydock-guard',
  switch: 'drydock-switch',
  work: 'drydock-work',
} as const;

/** Each observer listens on a queue of its own: it is asked by name (docs/sight.md). */
export const observerQueue = (observer: string): string => `drydock-observe-${observer}`;
/** Part of a queue's name. */
export const observerName = /^[a-z][a-z0-9-]{0,30}$/;

export const workflowTypes = [
  'addMember',
  'adoptCluster',
  'createCluster',
  'deleteCluster',
  'errant',
  'guardCluster',
  'pivot',
  'removeMember',
  'replaceMember',
  'updateCluster',
  'upgrade',
] as const;
export type WorkflowType = (typeof workflowTypes)[number];

/** Search attributes, all of type Keyword, registered by workers before they poll. */
export const searchAttributes = {
  operation: 'DrydockOperation',
  target: 'DrydockTarget',
  phase: 'DrydockPhase',
} as const;

/** Ownership labels on every Docker object that drydock creates. */
export const labels = {
  operation: 'drydock.operation',
  target: 'drydock.target',
  kind: 'drydock.kind',
  /** Name of the member or router inside its cluster. */
  name: 'drydock.name',
  /** JSON of what describeCluster needs to read the object back (never a secret). */
  spec: 'drydock.spec',
  /** Which installation owns it: two clones on one engine never touch each other's objects. */
  instance: 'drydock.instance',
} as const;

export const clusterTarget = (cluster: string): string => `cluster/${cluster}`;
export const guardId = (cluster: string): string => `guard/${cluster}`;
/** The record of a cluster that others made: workflow `adopted`. */
export const adoptedId = (cluster: string): string => `adopted/${cluster}`;
export const holdId = (target: string): string => `hold/${target}`;
/** Who holds the target while it heals: the guard of that cluster. Undefined for a target that nobody guards. */
export const healerOf = (target: string): string | undefined =>
  target.startsWith('cluster/') ? guardId(target.slice('cluster/'.length)) : undefined;
/** Tells subscribers of every change of primary, in order. */
export const announceId = (cluster: string): string => `announce/${cluster}`;
/** Id of the guard's unplanned pivot that leads to `epoch`; duplicates are rejected by the server. */
export const unplannedPivotId = (cluster: string, epoch: number): string => `pivot/${cluster}/${epoch}`;

/** The schema inside every cluster that holds the journal and the heartbeat. */
export const journalSchema = 'drydock';
/** Name of the exclusive session lock on a member (GET_LOCK). */
export const memberLock = 'drydock.member';

/** Accounts inside a cluster, one per purpose, at most 16 characters (5.5 and 5.6). `application` is the only one that people are given. */
export const accounts = {
  root: 'root',
  operation: 'drydock_op',
  guard: 'drydock_guard',
  replication: 'drydock_repl',
  application: 'app',
} as const;
export type Purpose = keyof typeof accounts;

/** Reference by which a secret is named; the value is read by the activity that needs it. */
export const passwordRef = (cluster: string, purpose: Purpose): string => `clusters/${cluster}/${purpose}`;
