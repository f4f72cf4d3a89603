/** Shapes of the ledger: a writer that remembers what became of every write that it ever sent. */

/**
 * How the writes are made.
 * - `autocommit`: a pool of warm connections, one INSERT per write.
 * - `prepared`: the same with a server-side prepared statement.
 * - `transactions`: two INSERTs and a COMMIT per write; both rows or none.
 * - `500-connections`: 500 open connections, each write on a random idle one.
 * - `connection-per-request`: connects, writes, says good-bye.
 */
export const ledgerModes = ['autocommit', 'prepared', 'transactions', '500-connections', 'connection-per-request'] as const;
export type LedgerMode = (typeof ledgerModes)[number];

export interface LedgerOptions {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Mean of the Poisson arrivals. Default 200. */
  ratePerSecond?: number;
  /** Connections of the pool of `autocommit`, `prepared` and `transactions`. Default 8. */
  pool?: number;
  mode?: LedgerMode;
  /** Seed of the arrivals and of every random choice. Default 1. */
  seed?: number;
  /**
   * Sends a write that got an error once more, at once and over a new connection, under an attempt number of its own; what the
   * first attempt got stays recorded. Default false.
   */
  retryOnce?: boolean;
  /** Arrivals beyond so many writes under way are not sent but counted as shed. Default 4000. */
  maxInFlight?: number;
  /** Default `ledger_<time>_<random>`. */
  table?: string;
}

/** `pending` only while the ledger runs: what is under way when it is stopped becomes `unknown`. */
export const outcomes = ['pending', 'acknowledged', 'failed', 'unknown'] as const;
/**
 * What a client may know of a write: `acknowledged` by the server; `failed`: certain not to have been executed;
 * `unknown`: the connection was lost while it was under way.
 */
export type Outcome = (typeof outcomes)[number];

/** Every attempt ever made, by columns (24 bytes each), so that an hour at 200/s stays below 20 MB. Times are ms since 1970, with fractions. */
export interface LedgerRecords {
  id: Uint32Array;
  /** 0 the write itself, 1 its retry. */
  attempt: Uint8Array;
  /** When it was due by the arrivals (a retry: when the error came), whether or not the writer was late. */
  due: Float64Array;
  ended: Float64Array;
  /** Index in `outcomes`. */
  outcome: Uint8Array;
  /** Index in `errors`, plus one; 0 without an error. */
  error: Uint16Array;
  errors: string[];
}

export interface LedgerBucket {
  /** Seconds since the start. */
  second: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  /** Longest acknowledged write due in this second. */
  longestMs: number;
}

export interface LedgerReport {
  mode: LedgerMode;
  ratePerSecond: number;
  seed: number;
  /** ISO times. */
  startedAt: string;
  endedAt: string;
  /** First attempts. */
  writes: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  /** Arrivals that were not sent because too many writes were under way. */
  shed: number;
  /** Longest time without an acknowledgement, with retries, between two acknowledgements. */
  gap: { ms: number; from: string; to: string };
  /** From due to acknowledged, first attempts that were acknowledged. */
  longestWriteMs: number;
  /** From due to the end of the retry, if there was one. */
  longestWithRetryMs: number;
  medianWriteMs: number;
  p99WriteMs: number;
  /** Errors of first attempts by what the server or the driver said, such as `1290 ER_OPTION_PREVENTS_STATEMENT`. */
  rawErrors: Record<string, number>;
  rawErrorCount: number;
  /** Writes that had an error and whose retry had one too; null when nothing was retried. */
  errorsAfterRetry: number | null;
  /** What those retries got, named as in `rawErrors`. */
  retryErrors: Record<string, number>;
  timeline: LedgerBucket[];
}

/** What the writer tells while it runs. */
export interface LedgerLive {
  writes: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  inFlight: number;
  /** ms since 1970 of the last acknowledgement; 0 before the first. */
  lastAcknowledgedAt: number;
}

/** What a member holds, compared with what the writer was told. */
export interface Verification {
  acknowledged: number;
  /** Acknowledged and not there: each one breaks promise 1. */
  lost: string[];
  /** There although they were certain not to have been executed: each one breaks promise 8. */
  executedThoughFailed: string[];
  unknownPresent: number;
  unknownAbsent: number;
  /** There more than once: each one breaks promise 8. */
  duplicates: string[];
  /** Transactions of which only a part is there. */
  torn: string[];
  /** There although the ledger never sent them. */
  strangers: string[];
}
