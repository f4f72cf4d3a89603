/** The only file that loads OpenTelemetry's SDK; imported when a collector is named. */
import { setTimeout as sleep } from 'node:timers/promises';

import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';

import { activitySpans } from './activities';
import { RunIds } from './identity';
import { operationSpans } from './operation';
import type { Tracing } from './types';

const endWithinMs = 2000;

/** Addresses, headers, time-outs and batches are read from the standard OTEL_ variables. */
export function startExport(log: Logger): Tracing {
  const tell = (text: string): void => log.warn({ component: 'tracing' }, text);
  // A collector that is away is told of in the log, and is nothing that work waits for.
  diag.setLogger({ error: tell, warn: tell, info: tell, debug: tell, verbose: tell }, { logLevel: DiagLogLevel.WARN });
  const ids = new RunIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    // An operation is rare and matters; a collector may still choose.
    sampler: new AlwaysOnSampler(),
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'drydock-worker', 'process.pid': process.pid }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    activities: activitySpans,
    sinks: operationSpans(ids),
    end: async () => {
      await Promise.race([provider.shutdown().catch(() => undefined), sleep(endWithinMs, undefined, { ref: false })]);
    },
  };
}
