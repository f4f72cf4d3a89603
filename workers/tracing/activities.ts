import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import { redact } from '../../activities/redact';
import { contextOf } from './identity';

/** Guards and holds never end, and nor would their traces. */
const endless = new Set(['guardCluster', 'hold']);

/** A span for each attempt of an activity, and one before it for the way from the plan to a free hand. */
export const activitySpans: ActivityInterceptorsFactory = ({ info }) => {
  const { workflowExecution, workflowType, activityType, attempt, taskQueue } = info;
  if (workflowExecution === undefined || workflowType === undefined || endless.has(workflowType)) return {};
  const tracer = trace.getTracer('drydock');
  const parent = contextOf(workflowExecution.runId);
  return {
    inbound: {
      execute: (input, next) => {
        const attributes = { 'drydock.attempt': attempt, 'drydock.queue': taskQueue };
        tracer.startSpan(`dispatch ${activityType}`, { startTime: info.currentAttemptScheduledTimestampMs, attributes }, parent).end();
        return context.with(parent, () =>
          tracer.startActiveSpan(activityType, { attributes }, async (span) => {
            try {
              return await next(input);
            } catch (error) {
              const message = redact(error instanceof Error ? error.message : String(error)).slice(0, 300);
              span.setStatus({ code: SpanStatusCode.ERROR, message });
              throw error;
            } finally {
              span.end();
            }
          }),
        );
      },
    },
  };
};
