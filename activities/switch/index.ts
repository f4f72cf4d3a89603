import { Context } from '@temporalio/activity';

import type { SwitchInput, SwitchReport } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import type { SwitchActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { SwitchContext } from './context';
import { currentAttempt } from './current-attempt';
import type { LockedMember } from './locked-member';
import { openNewPrimary } from './open';
import { OldPrimaryLost, switchPlanned } from './planned';
import { readyAgain } from './replicas';
import { standDown } from './stand-down';
import { switchUnplanned } from './unplanned';

const HEARTBEAT_MS = 400;

export function createSwitchActivities(env: ActivityEnvironment): SwitchActivities {
  return {
    switchPrimary: (input) => attempt(env, input, switchPrimary),
    standDown: (state: ClusterState, operation: string, members: string[]) =>
      attempt(env, withoutPlan(state, operation, members), standDown),
  };
}

/** One attempt under the members' locks: heartbeats while it lasts, and stops at once when another attempt took over. */
async function attempt<Result>(
  env: ActivityEnvironment,
  input: SwitchInput,
  work: (context: SwitchContext) => Promise<Result>,
): Promise<Result> {
  const activity = Context.current();
  const context: SwitchContext = new SwitchContext(env, input, activity.info.attempt, () => current.prove());
  const current = currentAttempt(env, () => context.timeline.current);
  const heartbeat = setInterval(() => activity.heartbeat({ step: context.timeline.current }), HEARTBEAT_MS);
  const stop = (): void => context.supersede();
  activity.cancellationSignal.addEventListener('abort', stop, { once: true });
  // Beside the locks, where it costs nothing. Whoever is the current attempt later ends this one's sessions.
  const proven = current.prove();
  proven.catch(() => undefined);
  try {
    await context.timeline.step('lock the members', () => context.open());
    await proven;
    await current.proveFresh();
    refuseStale(context);
    return await work(context);
  } finally {
    clearInterval(heartbeat);
    activity.cancellationSignal.removeEventListener('abort', stop);
    context.end();
  }
}

/**
 * The critical path of a pivot (docs/pivot.md, step 7): from the decision to clients that write on the new primary.
 * Any number of attempts may run it; what is true is read back from the members' journals under their locks.
 */
async function switchPrimary(context: SwitchContext): Promise<SwitchReport> {
  const { input } = context;
  // What an earlier attempt began there can't be finished, and the workflow decides what comes instead: not after many more attempts.
  const candidate = context.unreachable.get(input.plan.to);
  if (candidate && context.attempt > 1) throw failure('CandidateLost', `${input.plan.to} does not answer any more: ${candidate.message}`);
  const chosen = await alreadyChosen(context);
  if (chosen) return openNewPrimary(context, chosen, (other) => readyAgain(chosen, other));
  if (input.unplanned) return switchUnplanned(context);
  const old = context.unreachable.get(input.plan.from);
  if (old && !['refused', 'closed', 'silent'].includes(old.reach))
    throw failure('MemberUnreachable', `${input.plan.from} is alive but lets nobody in: ${old.message}`);
  // A first attempt has touched nothing yet; a later one may have left the routers held and the old primary fenced.
  if (old && context.attempt === 1)
    return context.report('given-up', { code: 'SwitchFailed', problem: { path: `members.${input.plan.from}`, message: old.message } });
  try {
    if (old) throw new OldPrimaryLost(old.message);
    return await switchPlanned(context);
  } catch (error) {
    if (!(error instanceof OldPrimaryLost)) throw error;
    context.lostOld = true;
    context.env.log.warn({ error: error.message }, 'the primary was lost inside a planned switch: going on as an unplanned one');
    return switchUnplanned(context);
  }
}

/** The member on which an earlier attempt of this operation has written the next epoch, or is still waiting for its receipt. */
async function alreadyChosen(context: SwitchContext): Promise<LockedMember | undefined> {
  const { plan, operation } = context.input;
  const rows = [...context.locked.values()].map(({ journal }) => journal);
  const row = rows.find((journal) => journal?.epoch === plan.nextEpoch && journal.operation === operation);
  const chosen = row ? context.need(row.primary) : await waitsForReceipt(context);
  if (chosen) context.committed = true;
  return chosen;
}

/** A candidate accepts no clients, so whoever waits for a receipt on it is the journal row of an earlier attempt. */
async function waitsForReceipt(context: SwitchContext): Promise<LockedMember | undefined> {
  const candidate = context.locked.get(context.input.plan.to);
  if (context.attempt === 1 || !context.semiSync || !candidate) return undefined;
  const { waiting } = await candidate.flavor.semiSync(candidate.session);
  return waiting > 0 && (await candidate.flavor.replication(candidate.session))?.applier !== 'running' ? candidate : undefined;
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

/** Standing down needs the members and the epoch only. */
function withoutPlan(state: ClusterState, operation: string, members: string[]): SwitchInput {
  const { epoch, primary } = state;
  return {
    operation,
    state,
    members,
    plan: {
      cluster: state.definition.name,
      epoch,
      nextEpoch: epoch + 1,
      from: primary,
      to: '',
      candidates: [],
      problems: [],
      warnings: [],
      acknowledgers: [],
      cutOff: { of: [], needed: 0 },
      comparable: [],
      prediction: { interruptionMs: 0, catchUpSeconds: 0, loses: '' },
    },
    unplanned: false,
    transactionBoundMs: 0,
    reason: '',
    accepted: { unfenced: false, loss: false },
  };
}
