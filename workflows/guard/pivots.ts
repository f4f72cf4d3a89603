import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  ParentClosePolicy,
  patched,
  sleep,
  startChild,
  type Workflow,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';

import type { GuardAction, GuardPivot } from '../../schemas/guard';
import { queues, unplannedPivotId } from '../../schemas/names';
import type { Observation } from '../../schemas/observation';
import type { GuardEvidence } from '../../schemas/pivot';
import { isCancellation, meaningOf } from '../operation';
import type { Watchman } from './watchman';
import { lookAtJournal } from './look';
import { after } from './memory';

/** The pivot repoints members itself and tells the guard when it is done with that. */
const settleMs = 1500;

/** One that runs or has led to its epoch is never repeated; one that failed (nobody could be promoted) may be tried again. */
const failedOnly: WorkflowIdReusePolicy = WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY;

/** The unplanned pivots that this guard started. */
export class Pivots {
  private running?: GuardPivot;
  /** The pivot that is waited for is no child of this run: a new run finds it again. */
  foreign = false;

  constructor(private readonly keeper: Watchman) {}

  /** A pivot was started and the cluster has not reached its epoch yet. */
  get busy(): boolean {
    return this.running !== undefined;
  }

  /** The cluster is in this epoch: what led there is done. */
  reached(epoch: number): void {
    if (this.running && this.running.epoch <= epoch) this.end(this.running, 'done');
    this.keeper.memory = { ...this.keeper.memory, healAfter: after(new Date().toISOString(), settleMs) };
  }

  /** Starts the child in this very workflow task; what becomes of it is waited for in the background. */
  start(action: Extract<GuardAction, { kind: 'pivot' }>, observation: Observation, firstSignAt: string): void {
    const { state } = this.keeper.memory;
    const pivot: GuardPivot = { at: new Date().toISOString(), epoch: state.epoch + 1, diagnosis: action.diagnosis, outcome: 'running' };
    this.running = pivot;
    this.keeper.memory = { ...this.keeper.memory, pivots: [...this.keeper.memory.pivots, pivot] };
    const evidence: GuardEvidence = { diagnosis: action.diagnosis, state, observation, firstSignAt };
    void this.follow(pivot, evidence);
  }

  private async follow(pivot: GuardPivot, evidence: GuardEvidence, reuse = failedOnly): Promise<void> {
    const cluster = evidence.state.definition.name;
    try {
      const child = await startPivot(pivot, evidence, reuse);
      await child.result();
      await this.adopt(cluster);
      this.end(pivot, 'done');
    } catch (error) {
      if (isCancellation(error)) return;
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) this.failed(pivot, error);
      else if (reuse === failedOnly && patched('pivot after a namesake') && (await this.wasNamesake(pivot, cluster)))
        // One that still runs is refused by the server all the same.
        return this.follow(pivot, evidence, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
      else await this.waitForOther(pivot, cluster);
    }
    this.keeper.poke();
  }

  /**
   * A pivot of the same id exists. Either it leads this cluster to that epoch, or it was of a cluster of the same name that was
   * deleted since: the journals tell. One of a deleted cluster must not stand in the way.
   */
  private async wasNamesake({ epoch }: GuardPivot, cluster: string): Promise<boolean> {
    const seen = await lookAtJournal(cluster);
    return seen !== undefined && seen.epoch < epoch;
  }

  /** A pivot to the same epoch was started before this guard was (or by its former self): it will tell. */
  private async waitForOther(pivot: GuardPivot, cluster: string): Promise<void> {
    this.foreign = true;
    for (let tries = 0; this.running === pivot && tries < 10; tries++) {
      await sleep(Math.min(3000 * 2 ** tries, 60_000), { summary: `until ${unplannedPivotId(cluster, pivot.epoch)} has ended` });
      await this.adopt(cluster);
    }
    this.foreign = false;
    // It was not ours, so it does not count as one of ours.
    if (this.running === pivot) this.running = undefined;
    this.keeper.memory = { ...this.keeper.memory, pivots: this.keeper.memory.pivots.filter(({ at }) => at !== pivot.at) };
  }

  private async adopt(cluster: string): Promise<void> {
    const state = await lookAtJournal(cluster);
    if (state) this.keeper.adopt(state);
  }

  private failed(pivot: GuardPivot, error: unknown): void {
    const { code, message } = meaningOf(error);
    this.end(pivot, 'failed', `${code}: ${message}`);
    if (code !== 'Aborted') return;
    const now = new Date().toISOString();
    this.keeper.memory = {
      ...this.keeper.memory,
      held: { reason: `the pivot to epoch ${pivot.epoch} was aborted: ${message}`, since: now, by: 'the guard' },
    };
  }

  private end(pivot: GuardPivot, outcome: 'done' | 'failed', problem?: string): void {
    if (this.running?.at === pivot.at) this.running = undefined;
    const { memory } = this.keeper;
    this.keeper.memory = {
      ...memory,
      pivots: memory.pivots.map((each) => (each.at === pivot.at && each.outcome === 'running' ? { ...each, outcome, problem } : each)),
    };
  }
}

function startPivot(
  { epoch }: GuardPivot,
  evidence: GuardEvidence,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<ChildWorkflowHandle<Workflow>> {
  const cluster = evidence.state.definition.name;
  return startChild('pivot', {
    args: [{ cluster, unplanned: true, reason: evidence.diagnosis, evidence }],
    workflowId: unplannedPivotId(cluster, epoch),
    taskQueue: queues.plans,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy,
    staticSummary: `${evidence.diagnosis}: ${evidence.state.primary} of ${cluster} is lost`,
  });
}
