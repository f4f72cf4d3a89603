import type { PivotInput } from '../../schemas/inputs';
import type { PivotPlan, SwitchReport } from '../../schemas/pivot';
import { failure, type Operation } from '../operation';
import { type Look, lookUntilSeen } from './look';

/** What a person accepted in this pivot. */
export interface Accepted {
  /** No proof that the old primary is fenced. */
  unfenced: boolean;
  /** Too few of those that may have acknowledged are there: what only the others have is lost. */
  loss: boolean;
  /** Looks while it waited for a person, over the whole pivot. */
  looks: number;
}

/** Seconds between looks: soon at first, since members come back; later seldom, so that a night of waiting fits into the history. */
const LOOK_AFTER_SECONDS = [2, 3, 5, 10, 20, 30];

/**
 * Nobody is writable and clients wait: only a person may go on without the proof that is missing. But reality may heal meanwhile, so it is
 * looked at again and again: returns when a person approved or when another attempt may have its proof.
 */
export async function waitForPerson(op: Operation<PivotInput>, report: SwitchReport, plan: PivotPlan, accepted: Accepted): Promise<void> {
  op.enter('deciding');
  const unfenced = report.code === 'NotFenced';
  const gate = unfenced ? 'accept-unfenced' : 'accept-loss';
  for (;;) {
    const seconds = LOOK_AFTER_SECONDS[Math.min(accepted.looks, LOOK_AFTER_SECONDS.length - 1)] ?? 30;
    accepted.looks++;
    if (await op.askFor(gate, `${report.problem?.message}. Approve to go on all the same, abort to give up`, seconds)) break;
    const look = await lookUntilSeen(op.input.cluster);
    // Looking takes a while: who approved meanwhile was told that it goes on.
    if (op.takeApproval(gate)) break;
    refuseWhenServing(look, plan);
    if (mayBeProven(look, plan, report, accepted.looks)) return op.stopAsking();
  }
  accepted.unfenced ||= unfenced;
  accepted.loss ||= !unfenced;
  op.warn(
    unfenced
      ? 'a person went on without proof that the old primary is fenced: promise 2 is void'
      : 'a person accepted that acknowledged writes may be lost',
  );
}

/** The old primary is back: it has every acknowledged write, so it goes on (compensation puts it back to work). */
function refuseWhenServing(look: Look, plan: PivotPlan): void {
  const old = look.observation.members.find(({ name }) => name === plan.from);
  if (old?.reach === 'answers' && look.state.primary === plan.from)
    throw failure('SwitchFailed', `${plan.from} is back before anybody was promoted: it goes on as the primary`);
}

/** Enough members answer that another attempt can have its proof; what only an attempt can tell is tried again now and then. */
function mayBeProven(look: Look, plan: PivotPlan, report: SwitchReport, looks: number): boolean {
  if (report.code !== 'TooFewAcknowledgers') return looks % 2 === 0;
  const there = look.observation.members.filter(({ name, reach }) => reach === 'answers' && plan.cutOff.of.includes(name));
  return there.length >= plan.cutOff.needed;
}
