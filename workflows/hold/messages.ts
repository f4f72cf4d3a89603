/** What activities say to `hold/<target>`. Plain types, so that activities may import them. */

export interface Holder {
  operation: string;
  runId: string;
  /** ISO time. */
  since: string;
}

export interface Acquire {
  operation: string;
  runId: string;
  /** The holder that was found closed: it is replaced if it still holds. */
  replaces?: { operation: string; runId: string };
}

export type AcquireAnswer = { taken: true } | { taken: false; holder: Holder };

export interface Release {
  operation: string;
}
