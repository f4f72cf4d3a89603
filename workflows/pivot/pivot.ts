import {
  CancellationScope,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  sleep,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';

import type { PivotInput } from '../../schemas/inputs';
import { clusterTarget, queues } from '../../schemas/names';
import type { GuardEvidence, PivotPlan, PivotPreview, PivotResult, SwitchReport } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import { critical, failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { lookAtCluster, type Look } from './look';
import { planPivot, unmetExpectations } from './plan';
import { expectFencing } from './guard-signals';
import { moveTheRest } from './move-the-rest';

const steps = [
  'look at the cluster',
  'decide who is promoted',
  'switch the primary',
  'repoint the other replicas',
  'rejoin the old primary',
  'tell routers and guard',
  'prove that all members are equal',
] as const;

/** Another member becomes the primary. docs/pivot.md has the steps and what holds when everything dies at each of them. */
export async function pivot(raw: unknown): Promise<WithProgress<PivotResult | PivotPreview>> {
  const trusted = fromGuard(raw);
  return operation<PivotInput, PivotResult | PivotPreview>(
    {
      type: 'pivot',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
      trusted,
    },
    raw,
    (op) => changePrimary(op, { to: op.input.to, unplanned: op.input.unplanned, reason: op.input.reason, evidence: trusted?.evidence }),
  );
}

/** The guard's own input was made by drydock from what it has just seen; the switch reads all of it back from the servers. */
function fromGuard(raw: unknown): PivotInput | undefined {
  const input = raw as Partial<PivotInput> | null | undefined;
  if (!input?.evidence?.state?.definition || !input.evidence.observation?.members || input.unplanned !== true) return undefined;
  return {
    reason: input.evidence.diagnosis,
    dryRun: false,
    proof: true,
    ...input,
    cluster: input.evidence.state.definition.name,
    unplanned: true,
  };
}

interface Change {
  to?: string;
  unplanned: boolean;
  reason: string;
  evidence?: GuardEvidence;
}

async function changePrimary(op: Operation<PivotInput>, change: Change): Promise<PivotResult | PivotPreview> {
  let look = await op.step('look at the cluster', async (step) => {
    const seen: Look = change.evidence ?? (await lookAtCluster(op.input.cluster));
    step.detail(`primary ${seen.state.primary}, epoch ${seen.state.epoch}, ${seen.state.members.length} members`);
    return seen;
  });
  const decide = (seen: Look): PivotPlan => planOf(op, seen, change);
  let plan = await op.step('decide who is promoted', async (step) => {
    const made = decide(look);
    step.detail(made.to ? `${made.from} → ${made.to}, epoch ${made.nextEpoch}` : 'nobody may be promoted');
    made.warnings.forEach((warning) => op.warn(warning));
    return Promise.resolve(made);
  });
  if (op.dryRun) return { plan };
  refuseUnfit(look.state, plan, op, change);
  await op.gate('before-switch', `promote ${plan.to} in place of ${plan.from} (epoch ${plan.epoch} → ${plan.nextEpoch})`);
  await op.safePoint('before the switch');

  op.compensate('let the replicas receive from the old primary again', () => standDown(op.input.cluster));
  const accepted = { unfenced: false, loss: false };
  let report: SwitchReport;
  for (;;) {
    if (!change.unplanned) await expectFencing(plan.cluster);
    report = await switchPrimary(op, look.state, plan, change, accepted);
    if (report.outcome === 'switched') break;
    if (report.outcome === 'given-up')
      throw failure('SwitchFailed', `given up, ${plan.from} is the primary as before: ${report.problem?.message}`);
    if (report.outcome === 'held-for-person') await askToGoOn(op, report, accepted);
    else await waitForBacklog(op, report);
    look = await lookAtCluster(op.input.cluster);
    plan = decide({ ...look, state: { ...look.state, epoch: plan.epoch, primary: plan.from } });
    refuseUnfit(look.state, plan, op, change);
  }

  const state: ClusterState = { ...look.state, epoch: report.epoch, primary: report.primary };
  op.pointOfNoReturn({
    loses: 'nothing: a planned pivot back',
    wayBack: () => changePrimary(op, { to: plan.from, unplanned: false, reason: `rollback of ${op.id}` }),
  });
  if (report.routersMissing.length > 0) op.warn(`routers that did not confirm epoch ${state.epoch}: ${report.routersMissing.join(', ')}`);
  const { repointed, aside } = await moveTheRest(op, state, plan, report, change.unplanned);
  const proof = op.input.proof ? await startProof(op, state, repointed) : undefined;
  return {
    cluster: plan.cluster,
    epoch: state.epoch,
    from: plan.from,
    to: plan.to,
    unplanned: change.unplanned,
    switch: report,
    repointed,
    aside,
    proof,
  };
}

function planOf(op: Operation<PivotInput>, look: Look, change: Change): PivotPlan {
  const unmet = unmetExpectations(look.state, op.input.expect);
  if (unmet.length > 0) throw failure('ExpectationFailed', 'the cluster is not what was expected', unmet);
  const transactionBoundMs = boundOf(op, look.state);
  return planPivot(look.state, look.observation, { unplanned: change.unplanned, to: change.to, transactionBoundMs });
}

const boundOf = (op: Operation<PivotInput>, state: ClusterState): number =>
  op.input.transactionBoundMs ?? state.definition.transactionBoundMs;

/** All problems at once; nothing was touched. */
function refuseUnfit(state: ClusterState, plan: PivotPlan, op: Operation<PivotInput>, change: Change): void {
  if (plan.problems.length === 0) return;
  const code = plan.to === '' ? 'NoCandidate' : 'PrecheckFailed';
  const kind = change.unplanned ? 'an unplanned pivot' : 'a planned pivot';
  throw failure(code, `cluster ${op.input.cluster} (primary ${state.primary}) is not fit for ${kind}`, plan.problems);
}

function switchPrimary(
  op: Operation<PivotInput>,
  state: ClusterState,
  plan: PivotPlan,
  change: Change,
  accepted: { unfenced: boolean; loss: boolean },
): Promise<SwitchReport> {
  return op.switching(() =>
    op.step('switch the primary', async (step) => {
      const order = summarised(critical.switchPrimary, `${plan.cluster}: ${plan.from} → ${plan.to}, epoch ${plan.nextEpoch}`);
      const report = await order({
        operation: op.id,
        state,
        plan,
        unplanned: change.unplanned,
        transactionBoundMs: boundOf(op, state),
        reason: change.reason,
        accepted,
      });
      const held = `clients held ${report.heldMs} ms`;
      step.detail(
        report.outcome === 'switched'
          ? `${plan.to} is the primary; ${held}; fence: ${report.fence}`
          : `${report.outcome}: ${report.problem?.message}`,
      );
      return report;
    }),
  );
}

/** Nobody is writable and clients wait: only a person may go on without the proof that is missing. */
async function askToGoOn(op: Operation<PivotInput>, report: SwitchReport, accepted: { unfenced: boolean; loss: boolean }): Promise<void> {
  op.enter('deciding');
  const unfenced = report.code === 'NotFenced';
  await op.ask(unfenced ? 'accept-unfenced' : 'accept-loss', `${report.problem?.message}. Approve to go on all the same, abort to give up`);
  if (unfenced) accepted.unfenced = true;
  else accepted.loss = true;
  op.warn(
    unfenced
      ? 'a person went on without proof that the old primary is fenced: promise 2 is void'
      : 'a person accepted that acknowledged writes may be lost',
  );
}

/** A backlog is never opened before it is applied; meanwhile it is shown, and the choice is made anew each time. */
async function waitForBacklog(op: Operation<PivotInput>, report: SwitchReport): Promise<void> {
  op.enter('preparing');
  op.warn(report.problem?.message ?? 'the candidate is not ready');
  await sleep('500ms', { summary: 'until the relay log is applied' });
}

/** After an abort before anything was opened: replicas receive again and routers are released, if the primary is alive. */
async function standDown(cluster: string): Promise<void> {
  const { state, observation } = await lookAtCluster(cluster);
  const primary = observation.members.find((view) => view.name === state.primary);
  if (primary?.reach !== 'answers')
    throw failure('MemberUnreachable', `the primary ${state.primary} does not answer; clients are still held`);
  const replicas = observation.members.filter((view) => view.reach === 'answers' && view.name !== state.primary);
  await Promise.all(replicas.map((view) => work.followPrimary(state, view.name)));
  await work.tellRouters(
    state,
    replicas.map((view) => view.name),
  );
}

/** Proof of equal data runs as an operation of its own, so that it never keeps the next pivot waiting. */
async function startProof(op: Operation<PivotInput>, state: ClusterState, members: string[]): Promise<string | undefined> {
  return op.step('prove that all members are equal', async (step) => {
    const workflowId = `proof/${state.definition.name}/${state.epoch}`;
    await CancellationScope.nonCancellable(() =>
      startChild('proof', {
        args: [{ state, members: [state.primary, ...members] }],
        workflowId,
        taskQueue: queues.plans,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      }),
    );
    step.detail(`goes on in the background: ${workflowId}`);
    return workflowId;
  });
}
