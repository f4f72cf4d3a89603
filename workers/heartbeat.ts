import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

const everyMs = 1_000;

/**
 * Says every second that this worker is alive, for every activity of the queue `work` that has a heartbeat time-out: a worker that
 * died or was stopped is noticed within it, a task that was lost on the way as well, and a cancellation arrives soon. What an
 * activity itself has told by a heartbeat is kept. That it makes progress is for its own time-outs to see; a switch and a watch,
 * which must not stand still for seconds, say themselves that they do.
 */
export function heartbeatInterceptor(context: Context): ActivityInterceptors {
  return {
    inbound: {
      execute: async (input, next) => {
        if (!context.info.heartbeatTimeoutMs) return next(input);
        let details: unknown = context.info.heartbeatDetails;
        const send = context.heartbeat;
        Object.assign(context, {
          heartbeat: (told?: unknown) => {
            details = told ?? details;
            send(details);
          },
        });
        const timer = setInterval(() => send(details), Math.min(everyMs, context.info.heartbeatTimeoutMs / 4));
        try {
          return await next(input);
        } finally {
          clearInterval(timer);
        }
      },
    },
  };
}
