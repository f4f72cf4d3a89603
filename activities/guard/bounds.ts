/** Bounds of the guard in milliseconds, with the reason for each number. */
export const bounds = {
  /**
   * A primary that is silent for so long, while its replicas hear nothing either, is hung. Members send replication heartbeats
   * every 0.5 s, so a replica that hears nothing for this long has missed three. A pivot takes about 0.3 s more: 3 s are the budget.
   */
  hungAfterMs: 1800,
  /** Below this a late answer is nothing; above it the replicas are asked. A loaded machine answers a ping within 100 ms. */
  lateAfterMs: 400,
  /** A write that waits longer than this is blocked. */
  blockedAfterMs: 3000,
  /** Idle connections to the primary are asked in turn: one of them every so often. */
  probeEveryMs: 500,
  /** The heartbeat write, and its row on each replica. */
  lookEveryMs: 1000,
  /** A replica whose heartbeat row is older than this is asked why. */
  staleRowMs: 2500,
  /** The full observation: what a pivot needs to know, and what is not seen by the heartbeat. */
  observeEveryMs: 5000,
  /** Never more often than this, however much happens. */
  observeAtMostEveryMs: 200,
  routersEveryMs: 5000,
  /** A living server takes a new connection within this time after it closed one; on a loaded machine 1 to 10 ms. */
  reconnectGraceMs: 15,
  /** How long a replica that is asked at the first sign of something may take. */
  witnessWithinMs: 250,
  connectTimeoutMs: 500,
} as const;
