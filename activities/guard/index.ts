import { Context } from '@temporalio/activity';

import type { WatchInput, WatchReport } from '../../schemas/guard';
import type { Watchers } from '../../schemas/sight';
import type { GuardActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { errantOf, observeSession } from '../mysql/observe';
import { createConnect } from '../mysql/session';
import { viewRouters } from '../router';
import { containerState } from './containers';
import { EngineEvents } from './engine-events';
import { Observer } from './observer';
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
        const watchers = watchersOf(env);
        const doubted = watchers && (() => void tellGuard(env, context, { epoch: input.state.epoch, watchers }));
        const report = await new Watch(tools, input, doubted).run(context.cancellationSignal);
        // A worker that shuts down hands the watch over; every other cancellation means that nobody wants the answer.
        if (report.kind === 'shutdown' && !context.cancellationDetails?.workerShutdown) return await context.cancelled;
        return { ...report, watchers: watchersOf(env) };
      } finally {
        clearInterval(beat);
      }
    },
    async observePrimary(state) {
      const word = await new Observer(tools, state).look(Context.current().cancellationSignal);
      return { observer: env.watchers?.self ?? '', ...word };
    },
    reopenPrimary: (state, operation) => reopenPrimary(env, state, operation, Context.current().info.attempt),
  };
}

/** Undefined where the inventory names no observers. */
function watchersOf({ watchers }: ActivityEnvironment): Watchers | undefined {
  if (!watchers || watchers.observers.length === 0) return undefined;
  return { ...(watchers.self === undefined ? {} : { self: watchers.self }), observers: [...watchers.observers] };
}

/** Nobody waits for it here: without Temporal there is nobody to tell, and no pivot either. */
const tellWithinMs = 2000;

/** Observers look while the watch makes sure, so that nobody waits for them afterwards. Never rejects. */
async function tellGuard(
  { client, log }: ActivityEnvironment,
  context: Context,
  doubt: { epoch: number; watchers: Watchers },
): Promise<void> {
  const guard = context.info.workflowExecution?.workflowId;
  if (guard === undefined) return;
  try {
    await client.withDeadline(Date.now() + tellWithinMs, () => client.workflow.getHandle(guard).signal('doubted', doubt));
  } catch (error) {
    log.debug({ operation: guard, error: error instanceof Error ? error.message : String(error) }, 'the guard was not told of a doubt');
  }
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
