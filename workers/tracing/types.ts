import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';

import type { TraceSinks } from '../../workflows/operation/trace';

/** What Workers are given so that operations leave traces. */
export interface Tracing {
  activities: ActivityInterceptorsFactory;
  sinks: InjectedSinks<TraceSinks>;
  /** Sends what is left; a collector that does not answer holds nothing up. */
  end(): Promise<void>;
}
