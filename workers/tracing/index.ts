import { createRequire } from 'node:module';

import type { InjectedSinks } from '@temporalio/worker';
import type { Logger } from 'pino';

import type { TraceSinks } from '../../workflows/operation/trace';
import type * as Export from './export';
import type { Tracing } from './types';

export type { Tracing } from './types';

/** Plans tell how they ended whether somebody listens or not. */
export const noSinks: InjectedSinks<TraceSinks> = { trace: { ended: { fn: () => undefined, callDuringReplay: false } } };

/** Off unless a collector is named by the standard variables: OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. */
export function tracingWanted(env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
}

const load = createRequire(__filename);

/** Undefined when no collector is named: then not even the code of OpenTelemetry's SDK is loaded. */
export function startTracing(log: Logger, env: NodeJS.ProcessEnv = process.env): Tracing | undefined {
  return tracingWanted(env) ? (load('./export') as typeof Export).startExport(log) : undefined;
}
