import { Context } from '@temporalio/activity';

import type { WatchInput, WatchReport } from '../../schemas/guard';
import type { GuardActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { errantOf, observeSession } from '../mysql/observe';
import { createConnect } from '../mysql/session';
import { viewRouters } from '../router';
import { containerState } from './containers';
import { EngineEvents } from './engine-events';
import { reopenPrimary } from './reopen';
import type { WatchTools } from './scene';
import { Turns } from './turns';
import { Watch } from './watch';

/** Bound of a full observation; what came in time is in the view. */
const observeWithinMs = 1500;
/** A third of the watch's heartbeat time-out: two may be late before another worker takes the watch over. */
const temporalHeartbeatMs = 1000;

/**
 * A worker that takes over the watches of another makes a thousand connections. All at once, each would take longer than its bound
 * although every server is well; so many at once are made within a tenth of it.
 */
const connectedAtOnce = 30;
/** Nobody waits for it: a late answer is better than a finding that is none. */
const routersWithinMs = 2000;

export function createGuardActivities(env: ActivityEnvironment): GuardActivities {
  const tools = watchTools(env);
  return {
    async watchCluster(input: WatchInput): Promise<WatchReport> {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), temporalHeartbeatMs);
      try {
        const report = await new Watch(tools, input).run(context.cancellationSignal);
        // A worker that shuts down hands the watch over; every other cancellation means that nobody wants the answer.
        if (report.kind === 'shutdown' && !context.cancellationDetails?.workerShutdown) return await context.cancelled;
        return report;
      } finally {
        clearInterval(beat);
      }
    },
    reopenPrimary: (state, operation) => reopenPrimary(env, state, operation, Context.current().info.attempt),
  };
}

/** What a watch needs of the world; tests use it without Temporal. */
export function watchTools(env: ActivityEnvironment, events = new EngineEvents(env)): WatchTools {
  return {
    connect: createConnect(env),
    turns: new Turns(connectedAtOnce),
    observe: ({ session }) => observeSession(session, { purpose: 'guard', boundMs: observeWithinMs }),
    errantOf,
    containerState: (member) => containerState(env, member),
    viewRouters: (cluster) => viewRouters(env, cluster, routersWithinMs),
    events,
  };
}
