/** Bounds of the guard in milliseconds, with the reason for each number. */
export const bounds = {
  /** A primary that is silent for so long, while its replicas hear nothing either, is hung. */
  hungAfterMs: 1400,
  /**
   * A replica hears nothing: its source sends a heartbeat every 0.5 s. Both bounds end before the replicas' own time-out of 2 s: a
   * receiver that still reads stops at once, one that has begun to connect to a hung server stops only 2 s later.
   */
  unheardAfterMs: 900,
  /** Below this a late answer is nothing; above it the replicas are asked. */
  lateAfterMs: 240,
  /** A replica is given longer: on its one connection it also answers the full observation. */
  replicaLateAfterMs: 1000,
  /** A write that waits longer than this is blocked. */
  blockedAfterMs: 3000,
  /** Idle connections to the primary are asked in turn: one of them every so often. When the next is due, the last must have been answered. */
  probeEveryMs: 250,
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
  /** Members are connected and observed one after the other, but none waits longer than this for the one before it. */
  staggerMs: 30,
} as const;
