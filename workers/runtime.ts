import { type MetricsExporterConfig, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

import { bridge } from './log';

/** The SDK's runtime of this process: its messages in our log, its metrics for Prometheus. To be called once, first. */
export function installRuntime(log: Logger, metricsAddress: string | undefined): Runtime {
  const metrics: MetricsExporterConfig | undefined = metricsAddress
    ? { prometheus: { bindAddress: metricsAddress, useSecondsForDurations: true, countersTotalSuffix: true, unitSuffix: true } }
    : undefined;
  return Runtime.install({
    logger: bridge(log),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } }, metrics },
    // Signals are handled by workers/main.ts: a worker that is being made anew must hear them too.
    shutdownSignals: [],
  });
}
