/** What a workflow tells its worker of itself when it ends, for the trace of the operation. Plain types. */
import type { Progress } from './operation';

/** Something that led to an operation and was over before it began. */
export interface Led {
  name: string;
  /** ISO times. */
  from: string;
  to: string;
}

export interface EndedOperation {
  progress: Progress;
  /** ISO time of the first workflow task. */
  begunAt: string;
  /** In order. The trace begins with the first of them. */
  led: Led[];
}
