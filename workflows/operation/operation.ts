import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';

import type { ApprovalPolicy, Gate, Progress, StepProgress } from '../../schemas/operation';
import { publish } from './attributes';
import { Compensations } from './compensations';
import { failure, isCancellation, stopped } from './failure';
import type { Phase } from './phases';
import type { OperationState } from './state';

/** How late a timer may fire before it counts as having run out while nobody was there. */
const lateMs = 5_000;
/** Asking again for ever would fill the history. */
const mostEvents = 20_000;

/** One step of the runbook, as its code sees it. */
export interface Step {
  /** One line for people: what was found or done. May be called again; the last one stays. */
  detail(text: string): void;
}

/** The exclusive hold of the target, for operations that last longer than they may keep others out. */
export interface HoldOfTarget {
  take(): Promise<void>;
  release(): Promise<void>;
}

/** What a workflow's body is given; see workflows/operation/index.ts. */
export class Operation<Input> {
  readonly id = workflowInfo().workflowId;
  readonly compensations: Compensations;
  private current?: StepProgress;
  /** The way back after the point of no return. */
  wayBack?: () => Promise<object>;

  constructor(
    readonly input: Input,
    readonly dryRun: boolean,
    private readonly state: OperationState,
    private readonly approval: ApprovalPolicy | undefined,
    /** Taken at the beginning and released at the end; in between by whoever waits for days. */
    readonly hold: HoldOfTarget = { take: () => Promise.resolve(), release: () => Promise.resolve() },
  ) {
    this.compensations = new Compensations(state);
  }

  get progress(): Progress {
    return this.state.progress;
  }

  /** Runs one step of the runbook. It begins at a safe point, where a pause or an abort takes effect. */
  async step<Result>(name: string, body: (step: Step) => Promise<Result>): Promise<Result> {
    await this.safePoint(`before "${name}"`);
    const step = this.state.step(name);
    const outer = this.current;
    this.current = step;
    this.state.begin(step);
    try {
      const result = await body({
        detail: (text) => {
          step.detail = text;
          this.state.update();
        },
      });
      this.state.end(step, 'done');
      return result;
    } catch (error) {
      this.state.end(step, 'failed', isCancellation(error) ? 'stopped' : describe(error));
      throw error;
    } finally {
      this.current = outer;
    }
  }

  /** A step of the runbook that is not needed this time. */
  skip(name: string, why: string): void {
    this.state.end(this.state.step(name), 'skipped', why);
  }

  /** Here a pause waits and an abort stops. Costs nothing when none was asked for. Not on the critical path. */
  async safePoint(where: string): Promise<void> {
    if (this.state.phase === 'switching') return;
    while (this.state.pauseRequested && !this.stopRequested()) {
      this.state.wait('paused', { what: `resume; it is paused ${where}`, who: 'a person' });
      await condition(() => !this.state.pauseRequested || this.stopRequested());
      this.state.goOn();
    }
    if (this.stopRequested()) throw stopped(`stopped ${where}`);
  }

  /**
   * Runs an activity that resumes where it was when it is called again; a pause stops it and it is called again afterwards.
   * For work that lasts minutes.
   */
  async pausable<Result>(where: string, run: () => Promise<Result>): Promise<Result> {
    for (;;) {
      await this.safePoint(where);
      const attempt = new CancellationScope();
      const watch = new CancellationScope();
      void watch.run(() => condition(() => this.state.pauseRequested).then(() => attempt.cancel())).catch(() => undefined);
      try {
        return await attempt.run(run);
      } catch (error) {
        if (!isCancellation(error) || !this.state.pauseRequested || this.stopRequested()) throw error;
      } finally {
        watch.cancel();
      }
    }
  }

  /** Waits for an approval when the input's policy names this gate. */
  async gate(gate: Gate, what: string): Promise<void> {
    if (!this.dryRun && this.approval?.gates.includes(gate)) await this.ask(gate, what, this.approval);
  }

  /**
   * Waits until a person approves, whatever the input says; an abort stops the waiting. With a policy the waiting ends as it
   * says, but a time-out that ran out while Temporal or every worker was away decides nothing: it asks again.
   */
  async ask(gate: string, what: string, policy?: Pick<ApprovalPolicy, 'timeoutSeconds' | 'onTimeout'>): Promise<void> {
    const answered = (): boolean => this.state.isApproved(gate);
    for (;;) {
      const deadline = policy ? Date.now() + policy.timeoutSeconds * 1000 : undefined;
      const until = deadline === undefined ? undefined : new Date(deadline).toISOString();
      this.state.wait('waiting', { what, who: 'a person who may approve', gate, until });
      publish({ operation: this.progress.type, target: this.progress.target, phase: `waiting: ${gate}` });
      if (deadline === undefined || policy === undefined) await condition(answered);
      else await condition(answered, policy.timeoutSeconds * 1000, { summary: `time to approve ${gate}` });
      const approved = answered();
      this.state.goOn();
      publish({ phase: this.state.phase });
      if (approved || deadline === undefined || policy === undefined) return;
      const late = Date.now() - deadline;
      if (late > lateMs)
        this.state.warn(
          `the time to approve ${gate} ran out while drydock or Temporal was away (seen ${Math.round(late / 1000)} s late): asked again`,
        );
      else if (policy.onTimeout === 'ask-again' && workflowInfo().historyLength < mostEvents)
        this.state.warn(`nobody approved ${gate} in ${policy.timeoutSeconds} s: asked again`);
      else throw failure('RejectedByPerson', `nobody approved ${gate} in ${policy.timeoutSeconds} s`);
    }
  }

  /**
   * Waits until a time has passed or a person says that it need not pass; `look` is called in between. A time that passed while Temporal or every worker was
   * away decides nothing: then a person is asked, without a bound. Answers who ended it.
   */
  async askOrTime(
    gate: string,
    what: string,
    seconds: number,
    look: { everySeconds: number; run: () => Promise<void> },
  ): Promise<'person' | 'time'> {
    const deadline = Date.now() + seconds * 1000;
    const until = new Date(deadline).toISOString();
    for (;;) {
      const left = deadline - Date.now();
      if (left <= 0) break;
      this.state.wait('waiting', { what, who: 'its end, or a person who ends it sooner', gate, until });
      publish({ operation: this.progress.type, target: this.progress.target, phase: `waiting: ${gate}` });
      await condition(() => this.state.isApproved(gate), Math.min(left, look.everySeconds * 1000), {
        summary: `until ${gate}, or the next look`,
      });
      if (this.takeApproval(gate)) return 'person';
      if (deadline > Date.now()) await look.run();
    }
    const late = Date.now() - deadline;
    this.state.goOn();
    publish({ phase: this.state.phase });
    if (late <= lateMs) return 'time';
    this.state.warn(
      `the time until ${gate} ran out while drydock or Temporal was away (seen ${Math.round(late / 1000)} s late): a person is asked`,
    );
    await this.ask(gate, what);
    return 'person';
  }

  /** Waits for an approval for so long; false when nobody gave one, so that the caller can look whether it is still needed. */
  async askFor(gate: string, what: string, seconds: number): Promise<boolean> {
    this.state.wait('waiting', { what, who: 'a person who may approve', gate });
    await condition(() => this.state.isApproved(gate), seconds * 1000, { summary: `look again whether ${gate} is needed` });
    return this.takeApproval(gate);
  }

  /** Whether the gate was approved, also after `askFor` was given up; then the waiting is over. */
  takeApproval(gate: string): boolean {
    const approved = this.state.isApproved(gate);
    if (approved) this.state.goOn();
    return approved;
  }

  /** What was asked for is no longer needed. */
  stopAsking(): void {
    this.state.goOn();
  }

  /** Registers how to undo what comes next, before it is done. `undo` is idempotent: what it undoes may not have happened. */
  compensate(name: string, undo: () => Promise<unknown>): void {
    this.compensations.add(name, undo, this.current);
  }

  /** On the way back the phase stays `rolling-back`, but where a person decides or the switch is under way. */
  enter(phase: Phase): void {
    this.state.enter(this.state.rollingBack && phase !== 'deciding' ? 'rolling-back' : phase);
    publish({ operation: this.progress.type, target: this.progress.target, phase: this.state.phase });
  }

  /**
   * Runs the bounded critical path: controls are refused and nothing of it is cancelled. Writes no search attribute, so that
   * the first workflow task goes straight to the activity. The caller says what follows: `pointOfNoReturn`, or `enter` of an
   * earlier phase when the switch was given up.
   */
  async switching<Result>(body: () => Promise<Result>): Promise<Result> {
    this.state.enter('switching');
    return CancellationScope.nonCancellable(body);
  }

  /** What was done stays: compensations are dropped, abort is refused from now on, and rollback takes `wayBack` if there is one. */
  pointOfNoReturn(rollback: { loses: string; wayBack?: () => Promise<object> }): void {
    this.compensations.clear();
    this.wayBack = rollback.wayBack;
    this.state.wayBack = rollback.wayBack !== undefined && !this.state.rollingBack;
    this.state.rollback(this.state.wayBack, this.state.rollingBack ? 'it was rolled back already' : rollback.loses);
    this.enter('finishing');
  }

  /** Whether the way back of `pointOfNoReturn` can be gone now, and what it would lose: what breaks it is refused at the control. */
  offerWayBack(possible: boolean, loses: string): void {
    this.state.wayBack = possible && this.wayBack !== undefined && !this.state.rollingBack;
    this.state.rollback(this.state.wayBack, loses);
  }

  /** What a rollback would lose, for people. */
  rollbackLoses(loses: string): void {
    this.state.rollback(this.state.progress.rollback.possible, loses);
  }

  warn(text: string): void {
    this.state.warn(text);
  }

  /** A pause or an abort was accepted and has not taken effect yet. */
  get interrupted(): boolean {
    return this.state.pauseRequested || this.stopRequested();
  }

  private stopRequested(): boolean {
    return this.state.abortRequested !== undefined || this.state.rollbackRequested !== undefined;
  }
}

function describe(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return (current instanceof Error ? current.message : String(current)).slice(0, 300);
}
