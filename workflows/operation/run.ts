import {
  allHandlersFinished,
  CancellationScope,
  condition,
  ContinueAsNew,
  DeterminismViolationError,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';

import type { ApprovalPolicy, Progress } from '../../schemas/operation';
import type { Led } from '../../schemas/trace';
import { contract, summarised } from './activities';
import { publish } from './attributes';
import { renderDetails } from './details';
import { failure, isCancellation, type Meaning, meaningOf, stopped } from './failure';
import { listen } from './handlers';
import { type HoldOfTarget, Operation } from './operation';
import { OperationState } from './state';
import { takeHold } from './take-hold';
import { traceEnd } from './trace';

/** What a workflow type tells of itself. */
export interface OperationDefinition<Input> {
  type: string;
  /** The runbook: names of the steps in the order in which they are usually taken. */
  steps: readonly string[];
  /** What is held, and what the operation is found by: `cluster/shop`. */
  target(input: Input): string;
  /** Take `hold/<target>`; true when not given. Dry runs take none. */
  hold?: boolean;
  /** How long a guard that heals is waited for; a minute when not given. */
  patienceMs?: number;
  dryRun?(input: Input): boolean;
  approval?(input: Input): ApprovalPolicy | undefined;
  /**
   * An input that another workflow of drydock parsed already: not validated, nothing held unless `hold` is true, no search
   * attributes written before the switch, so that the first workflow task goes straight to the body's first activity.
   */
  trusted?: Input;
  /** What led to it, for its trace. */
  led?: Led[];
}

/** What the journal inside a cluster keeps of it. */
const longestId = 255;

export type WithProgress<Result> = Result & { progress: Progress };
type Body<Input, Result> = (op: Operation<Input>) => Promise<Result>;

/** Runs an operation from its first event to its last; see workflows/operation/index.ts. */
export function operation<Input, Result extends object>(
  definition: OperationDefinition<Input>,
  raw: unknown,
  body: Body<Input, Result>,
): Promise<WithProgress<Result>> {
  const root = CancellationScope.current();
  // Everything runs below a scope that the workflow's cancellation does not reach: cancelling means abort, which undoes in order.
  return CancellationScope.nonCancellable(() => new Run(definition, root, body).start(raw));
}

class Run<Input, Result extends object> {
  private readonly id = workflowInfo().workflowId;
  private readonly begunAt = new Date().toISOString();
  private readonly state: OperationState;
  /** Cancelled by an abort or a rollback; the way back has one of its own. */
  private scope = new CancellationScope();
  private op?: Operation<Input>;
  private held?: string;

  constructor(
    private readonly definition: OperationDefinition<Input>,
    root: CancellationScope,
    private readonly body: Body<Input, Result>,
  ) {
    this.state = new OperationState(
      { operation: this.id, type: definition.type, steps: definition.steps },
      () => new Date().toISOString(),
      (progress) => setCurrentDetails(renderDetails(progress)),
    );
    const stop = (): void => {
      if (this.state.abortRequested || this.state.rollbackRequested) this.scope.cancel();
    };
    listen(this.state, stop);
    root.cancelRequested.catch(() => {
      this.state.control('abort', [], 'cancellation of the workflow');
      stop();
    });
  }

  async start(raw: unknown): Promise<WithProgress<Result>> {
    try {
      const result = await this.scope.run(() => this.forward(raw));
      if (this.state.abortRequested || this.state.rollbackRequested) throw stopped('asked to stop when it had just ended');
      return await this.close('done', result);
    } catch (error) {
      if (error instanceof ContinueAsNew || error instanceof DeterminismViolationError) throw error;
      return await this.backward(error);
    }
  }

  private async forward(raw: unknown): Promise<Result> {
    const { definition, state } = this;
    const { type, trusted } = definition;
    if (this.id.length > longestId)
      throw failure(
        'InvalidInput',
        `the workflow id has ${this.id.length} characters, at most ${longestId} fit into the journal of a cluster`,
      );
    const input = trusted ?? ((await summarised(contract.validateInput, `validate the input of ${type}`)(type, raw ?? null)) as Input);
    const target = definition.target(input);
    const dryRun = definition.dryRun?.(input) ?? (input as { dryRun?: unknown }).dryRun === true;
    const approval = definition.approval?.(input) ?? (input as { approval?: ApprovalPolicy }).approval;
    state.progress.target = target;
    state.progress.dryRun = dryRun;
    if (trusted === undefined) publish({ operation: type, target, phase: 'preparing' });
    if (!dryRun && (definition.hold ?? trusted === undefined)) {
      this.held = target;
      await takeHold(state, target, this.id, definition.patienceMs);
    }
    state.enter('preparing');
    this.op = new Operation(input, dryRun, state, approval, dryRun ? undefined : this.holdOf(target));
    return this.body(this.op);
  }

  private holdOf(target: string): HoldOfTarget {
    return {
      take: async () => {
        this.held = target;
        try {
          await summarised(contract.acquireHold, `hold ${target} again`)(target, this.id);
        } catch (error) {
          if (meaningOf(error).code === 'Conflict') this.held = undefined;
          throw error;
        }
      },
      release: async () => {
        await summarised(contract.releaseHold, `release ${target} for others`)(target, this.id);
        this.held = undefined;
      },
    };
  }

  /** An abort, a rollback or a failure: goes back as far as it can, and ends. */
  private async backward(error: unknown): Promise<WithProgress<Result>> {
    const { state, op } = this;
    state.goOn();
    if (!state.rollbackRequested || !op?.wayBack) return this.undo(error);
    if (!isCancellation(error)) state.warn(`given up for the rollback: ${meaningOf(error).message}`);
    const wayBack = op.wayBack as () => Promise<Result>;
    state.beginRollback();
    publish({ phase: 'rolling-back' });
    this.scope = new CancellationScope();
    try {
      return await this.close('rolled-back', await this.scope.run(wayBack));
    } catch (failed) {
      state.goOn();
      return this.undo(failed, 'the rollback failed: ');
    }
  }

  /** Runs the compensations and fails the workflow with what was undone and what was not. */
  private async undo(error: unknown, prefix = ''): Promise<never> {
    const { state, op } = this;
    const meaning = this.meaning(error);
    if (meaning.code === 'Conflict') this.held = undefined;
    state.enter('undoing');
    const { undone, failed } = (await op?.compensations.run()) ?? { undone: [], failed: [] };
    const told = [
      prefix + meaning.message,
      ...(undone.length > 0 ? [`undone: ${undone.join(', ')}`] : []),
      ...failed.map(({ path, message }) => `not done: ${path} (${message})`),
    ].join('; ');
    await this.release(meaning.code === 'Aborted' ? 'aborted' : 'failed');
    throw failure(meaning.code, told, [...meaning.problems, ...failed], state.progress, isCancellation(error) ? undefined : error);
  }

  private meaning(error: unknown): Meaning {
    const asked = this.state.abortRequested;
    if (!asked) return meaningOf(error);
    if (!isCancellation(error)) this.state.warn(`when it was aborted: ${meaningOf(error).message}`);
    return { code: 'Aborted', message: `aborted by ${asked.by ?? 'somebody'}${asked.reason ? `: ${asked.reason}` : ''}`, problems: [] };
  }

  private async close(state: 'done' | 'rolled-back', result: Result): Promise<WithProgress<Result>> {
    await this.release(state);
    return { ...result, progress: this.state.progress };
  }

  private async release(end: 'done' | 'failed' | 'aborted' | 'rolled-back'): Promise<void> {
    if (this.held !== undefined) {
      const options = { scheduleToCloseTimeout: '1 minute' } as const;
      try {
        await summarised(contract.releaseHold, `release ${this.held}`, options)(this.held, this.id);
      } catch (error) {
        // The next one who asks for the hold sees that this operation is closed.
        this.state.warn(`hold/${this.held} was not released: ${meaningOf(error).message}`);
      }
    }
    this.state.close(end);
    traceEnd({ progress: this.state.progress, begunAt: this.begunAt, led: this.definition.led ?? [] });
    const { type, target } = this.state.progress;
    publish(target === '' ? { operation: type, phase: end } : { operation: type, target, phase: end });
    await condition(allHandlersFinished);
  }
}
