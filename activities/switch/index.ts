import { Context } from '@temporalio/activity';

import type { SwitchInput, SwitchReport } from '../../schemas/pivot';
import type { SwitchActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { SwitchContext } from './context';
import type { LockedMember } from './locked-member';
import { openNewPrimary } from './open';
import { OldPrimaryLost, switchPlanned } from './planned';
import { RouterGroup } from './router-group';
import { switchUnplanned } from './unplanned';

const HEARTBEAT_MS = 400;
/** A dead container's address may answer nothing at all, and clients wait meanwhile. */
const CONNECT_BOUND_MS = { planned: 1000, unplanned: 300 };

export function createSwitchActivities(env: ActivityEnvironment): SwitchActivities {
  return { switchPrimary: (input) => switchPrimary(env, input) };
}

/**
 * The critical path of a pivot (docs/pivot.md, step 7): from the decision to clients that write on the new primary.
 * Any number of attempts may run it; what is true is read back from the members' journals under their locks.
 */
async function switchPrimary(env: ActivityEnvironment, input: SwitchInput): Promise<SwitchReport> {
  const context = new SwitchContext(env, input);
  const activity = Context.current();
  const heartbeat = setInterval(() => activity.heartbeat({ step: context.timeline.current }), HEARTBEAT_MS);
  // A cancellation here means that another attempt took over: stop at once, so that nothing is sent any more.
  const stop = (): void => context.end();
  activity.cancellationSignal.addEventListener('abort', stop, { once: true });
  try {
    await context.timeline.step('lock the members', () => open(context));
    refuseStale(context);
    const done = alreadyChosen(context);
    if (done) return await openNewPrimary(context, done, () => Promise.resolve(true));
    if (input.unplanned) return await switchUnplanned(context);
    const lost = context.unreachable.get(input.plan.from);
    // A first attempt has touched nothing yet; a later one may have left the routers held and the old primary fenced.
    if (lost !== undefined)
      return activity.info.attempt > 1
        ? await switchUnplanned(context)
        : context.report('given-up', { code: 'SwitchFailed', problem: { path: `members.${input.plan.from}`, message: lost } });
    try {
      return await switchPlanned(context);
    } catch (error) {
      if (!(error instanceof OldPrimaryLost)) throw error;
      env.log.warn({ error: error.message }, 'the primary was lost inside a planned switch: going on as an unplanned one');
      return await switchUnplanned(context);
    }
  } finally {
    clearInterval(heartbeat);
    activity.cancellationSignal.removeEventListener('abort', stop);
    context.end();
  }
}

async function open(context: SwitchContext): Promise<void> {
  const { state, plan, unplanned } = context.input;
  // A lost primary is not waited for: nothing is asked of it.
  const names = state.members.map((member) => member.name).filter((name) => !unplanned || name !== plan.from);
  const [, routers] = await Promise.all([
    context.lock(names, CONNECT_BOUND_MS[unplanned ? 'unplanned' : 'planned']),
    RouterGroup.open(context.env, state),
  ]);
  context.routers = routers;
}

/** The member on which an earlier attempt of this operation has written the next epoch. */
function alreadyChosen(context: SwitchContext): LockedMember | undefined {
  const { plan, operation } = context.input;
  const row = [...context.locked.values()]
    .map(({ journal }) => journal)
    .find((journal) => journal?.epoch === plan.nextEpoch && journal.operation === operation);
  if (!row) return undefined;
  context.committed = true;
  return context.need(row.primary);
}

function refuseStale(context: SwitchContext): void {
  const { plan, operation } = context.input;
  for (const { member, journal } of context.locked.values())
    if (journal && (journal.epoch > plan.nextEpoch || (journal.epoch === plan.nextEpoch && journal.operation !== operation)))
      throw failure(
        'StaleEpoch',
        `${member.name} is at epoch ${journal.epoch} (primary ${journal.primary}) by ${journal.operation}, expected ${plan.epoch}`,
      );
}
