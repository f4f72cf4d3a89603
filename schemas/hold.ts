/** What activities and the workflow `hold/<target>` say to each other. Plain types. */

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

/** A holder that is waited for, and what it says that it is doing. */
export interface Busy {
  holder: Holder;
  does: string[];
}

export interface Release {
  operation: string;
}
