import type { LogLevel, LogMetadata, Logger as TemporalLogger } from '@temporalio/common';
import pino, { type Logger } from 'pino';

import { redact } from '../activities/redact';

/** JSON lines on standard output, secrets cut. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: {
      streamWrite: (line) => redact(line),
    },
  });
}

const levels: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The SDK's messages in the words of drydock: `operation` is the workflow's id, `activity` the activity's type. */
export function bridge(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta?: LogMetadata): void => log[levels[level]](fieldsOf(meta), message);
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** Fields worth keeping, renamed; the SDK's own bookkeeping is left out. */
export function fieldsOf(meta: LogMetadata = {}): Record<string, unknown> {
  const { workflowId, runId, workflowType, activityType, attempt, target, error, sdkComponent, taskQueue } = meta as Record<
    string,
    unknown
  >;
  const fields = {
    operation: workflowId,
    run: runId,
    type: workflowType,
    target,
    activity: activityType,
    attempt: activityType === undefined ? undefined : attempt,
    queue: taskQueue,
    component: sdkComponent,
    error: error instanceof Error ? describe(error) : error,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.name}: ${error.message}${cause}`;
}
