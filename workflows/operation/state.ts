import type { Control, ControlRequest, Progress, StepProgress } from '../../schemas/operation';
import { allowedControls, judge, type Situation, type Verdict } from './judge';
import type { Phase } from './phases';
import { readRequest } from './request';

/** Records are kept for people; a flood of refused signals must not fill a result. */
const mostRecords = 50;

export interface Ask {
  what: string;
  who: string;
  until?: string;
  gate?: string;
}

/**
 * Where an operation stands, and what people asked of it. Plain state without Temporal: the clock is given, so that it is
 * tested by itself. `changed` is called after every change.
 */
export class OperationState {
  readonly progress: Progress;
  phase: Phase = 'starting';
  pauseRequested = false;
  abortRequested?: ControlRequest;
  rollbackRequested?: ControlRequest;
  /** The way back has begun. */
  rollingBack = false;
  private approved = new Set<string>();
  private waitingGate?: string;
  wayBack = false;

  constructor(
    seed: { operation: string; type: string; steps: readonly string[] },
    private readonly now: () => string,
    private readonly changed: (progress: Progress) => void = () => undefined,
    carried?: Progress,
  ) {
    this.progress = carried ?? {
      operation: seed.operation,
      type: seed.type,
      target: '',
      phase: 'starting',
      state: 'running',
      steps: seed.steps.map((name) => ({ name, state: 'waiting' })),
      rollback: { possible: true, loses: 'nothing: nothing was changed yet' },
      controls: [],
      allowed: [],
      warnings: [],
      dryRun: false,
    };
    this.update();
  }

  get situation(): Situation {
    return {
      phase: this.phase,
      paused: this.progress.state === 'paused',
      pauseRequested: this.pauseRequested,
      abortRequested: this.abortRequested !== undefined,
      rollbackRequested: this.rollbackRequested !== undefined,
      waitingGate: this.waitingGate,
      nextSafePoint: this.nextSafePoint(),
      wayBack: this.wayBack,
    };
  }

  /** Throws nothing: what is wrong comes back as a refusal. */
  judge(control: Control, args: readonly unknown[]): Verdict & { request: ControlRequest; malformed: boolean } {
    const read = readRequest(control, args);
    if ('problems' in read) {
      const what = read.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
      return { allowed: false, message: `malformed: ${what}`, request: {}, malformed: true };
    }
    return { ...judge(control, this.situation, read.request), request: read.request, malformed: false };
  }

  /** Judges, records and applies a control. */
  control(control: Control, args: readonly unknown[], from: string): Verdict {
    const verdict = this.judge(control, args);
    const by = verdict.request.by ?? from;
    const message = verdict.request.reason ? `${verdict.message} (${verdict.request.reason})` : verdict.message;
    push(this.progress.controls, { at: this.now(), control, by, outcome: verdict.allowed ? 'accepted' : 'refused', message });
    if (verdict.allowed) this.apply(control, { ...verdict.request, by });
    this.update();
    return { allowed: verdict.allowed, message: verdict.message };
  }

  private apply(control: Control, request: ControlRequest): void {
    if (control === 'pause') this.pauseRequested = true;
    else if (control === 'resume') this.pauseRequested = false;
    else if (control === 'approve') this.approved.add(this.waitingGate ?? '');
    else if (control === 'rollback' && this.phase === 'finishing') this.rollbackRequested ??= request;
    else this.abortRequested ??= request;
  }

  enter(phase: Phase): void {
    this.phase = phase;
    this.update();
  }

  /** The runbook's step of this name that waits, or a new one behind those that have begun. */
  step(name: string): StepProgress {
    const known = this.progress.steps.find((step) => step.name === name && step.state === 'waiting');
    if (known) return known;
    const step: StepProgress = { name, state: 'waiting' };
    const lastBegun = this.progress.steps.findLastIndex(({ state }) => state !== 'waiting');
    this.progress.steps.splice(lastBegun + 1, 0, step);
    return step;
  }

  begin(step: StepProgress): void {
    step.state = 'running';
    step.startedAt = this.now();
    this.update();
  }

  end(step: StepProgress, state: StepProgress['state'], detail?: string): void {
    step.state = state;
    step.endedAt = this.now();
    if (detail !== undefined) step.detail = detail;
    this.update();
  }

  warn(text: string): void {
    if (!this.progress.warnings.includes(text)) push(this.progress.warnings, text);
    this.update();
  }

  /** Waits for a person: at a gate (then `approve` is allowed) or paused. */
  wait(state: 'waiting' | 'paused', ask: Ask): void {
    const gate = state === 'waiting' ? ask.gate : undefined;
    // Asked again without having gone on in between, it is the same question: an approval given meanwhile counts.
    if (gate !== undefined && gate !== this.waitingGate) this.approved.delete(gate);
    this.waitingGate = gate;
    this.progress.state = state;
    this.progress.waitsFor = { ...ask, since: this.now() };
    this.update();
  }

  goOn(): void {
    this.waitingGate = undefined;
    this.progress.state = 'running';
    delete this.progress.waitsFor;
    this.update();
  }

  /** The request is being met: from now on nothing stops because of it. */
  beginRollback(): void {
    this.rollingBack = true;
    this.rollbackRequested = undefined;
    this.pauseRequested = false;
    this.enter('rolling-back');
  }

  isApproved(gate: string): boolean {
    return this.approved.has(gate);
  }

  rollback(possible: boolean, loses: string): void {
    this.progress.rollback = { possible, loses };
    this.update();
  }

  close(state: 'done' | 'failed' | 'aborted' | 'rolled-back'): void {
    this.goOn();
    this.progress.state = state;
    for (const step of this.progress.steps) {
      if (step.state === 'running') step.state = state === 'done' ? 'done' : 'failed';
      else if (step.state === 'waiting') step.state = 'skipped';
    }
    this.enter('closed');
  }

  update(): void {
    this.progress.phase = this.phase;
    this.progress.allowed = allowedControls(this.situation);
    this.changed(this.progress);
  }

  /** Where a pause takes effect: every step begins at a safe point. */
  private nextSafePoint(): string | undefined {
    const next = this.progress.steps.find(({ state }) => state === 'waiting');
    if (next) return `before "${next.name}"`;
    return this.phase === 'starting' ? 'before the first step' : undefined;
  }
}

function push<Item>(list: Item[], item: Item): void {
  list.push(item);
  if (list.length > mostRecords) list.splice(0, list.length - mostRecords);
}
