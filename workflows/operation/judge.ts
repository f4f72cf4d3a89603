import { type Control, controls, type ControlRequest } from '../../schemas/operation';
import { controlRules, type Phase } from './phases';

/** What a control is judged by; nothing else decides whether it is allowed. */
export interface Situation {
  phase: Phase;
  paused: boolean;
  pauseRequested: boolean;
  abortRequested: boolean;
  rollbackRequested: boolean;
  /** The gate that waits for an approval now. */
  waitingGate?: string;
  /** Name of the safe point at which a pause would take effect; undefined when none is left. */
  nextSafePoint?: string;
  /** There is a way back after the point of no return. */
  wayBack: boolean;
}

export interface Verdict {
  allowed: boolean;
  /** What will happen, or why it is refused and what to do instead. */
  message: string;
}

const yes = (message: string): Verdict => ({ allowed: true, message });
const no = (message: string): Verdict => ({ allowed: false, message });

/** Whether a control is allowed now, and what it will do. Pure: update validators, signal handlers and `allowed` all ask here. */
export function judge(control: Control, situation: Situation, request: ControlRequest = {}): Verdict {
  const rule = controlRules[situation.phase][control];
  if ('refuse' in rule) return no(rule.refuse);
  const ending = situation.abortRequested ? 'an abort' : situation.rollbackRequested ? 'a rollback' : undefined;
  if (ending && control !== 'abort' && control !== 'rollback') return no(`${ending} was asked for already and is about to begin`);
  switch (control) {
    case 'pause':
      return judgePause(situation);
    case 'resume':
      if (situation.paused) return yes('goes on at once');
      return situation.pauseRequested ? yes('the pause that was asked for is withdrawn') : no('it is not paused');
    case 'approve':
      return judgeApprove(situation, rule.allow, request.gate);
    case 'abort':
      return yes(situation.abortRequested ? 'an abort was asked for already' : rule.allow);
    case 'rollback':
      if (situation.phase === 'finishing' && !situation.wayBack) return no('there is no way back for this operation');
      return yes(ending ? `${ending} was asked for already` : rule.allow);
  }
}

/** Controls that are allowed now, for the progress. */
export function allowedControls(situation: Situation): Control[] {
  return controls.filter((control) => judge(control, situation).allowed);
}

function judgePause(situation: Situation): Verdict {
  if (situation.paused) return yes('it is paused already');
  if (situation.nextSafePoint === undefined) return no('no safe point is left; it is about to end');
  return yes(`pauses ${situation.nextSafePoint}`);
}

function judgeApprove(situation: Situation, effect: string, gate: string | undefined): Verdict {
  if (situation.waitingGate === undefined) return no('nothing waits for an approval now');
  if (gate !== undefined && gate !== situation.waitingGate) return no(`it waits at ${situation.waitingGate}, not at ${gate}`);
  return yes(`${situation.waitingGate} is approved: ${effect}`);
}
