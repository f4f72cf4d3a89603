import { proxySinks, type Sinks } from '@temporalio/workflow';

import type { EndedOperation } from '../../schemas/trace';

/** Served by workers/tracing. A sink writes nothing into the history, and is not called on a replay. */
export interface TraceSinks extends Sinks {
  trace: { ended(operation: EndedOperation): void };
}

/** Tells the worker, once, how the operation went; what becomes of it is the worker's matter. */
export const traceEnd = (operation: EndedOperation): void => proxySinks<TraceSinks>().trace.ended(operation);
