import { ActivityFailure, RetryState } from '@temporalio/common';
import { CancellationScope, ParentClosePolicy, sleep, startChild, workflowInfo, WorkflowIdReusePolicy } from '@temporalio/workflow';

import type { PivotInput } from '../../schemas/inputs';
import { withStanding } from '../../schemas/generations';
import { isBystander } from '../../schemas/member-rules';
import { clusterTarget, queues } from '../../schemas/names';
import type { GuardEvidence, PivotPlan, PivotPreview, PivotResult, SwitchReport, Towards } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import type { Led } from '../../schemas/trace';
import { codeOf, critical, failure, type Operation, operation, summarised, type WithProgress } from '../operation';
import { expectFencing, fencingIsOver, signalGuard } from './guard-signals';
import { type Look, lookAtCluster, lookUntilSeen, refuseUnexpected } from './look';
import { moveTheRest, presentOf } from './move-the-rest';
import { tellEverybody } from './tell-everybody';
import { planPivot } from './plan';
import { type Accepted, waitForPerson } from './wait-for-person';

const steps = [
  'look at the cluster',
  'decide who is promoted',
  'switch the primary',
  'repoint the other replicas',
  'rejoin the old primary',
  'tell routers and guard',
  'prove that all members are equal',
] as const;

/** Choices in one pivot that may turn out to be outdated before the cluster is taken for too unsteady; a backlog is waited for longer. */
const MOST_DECISIONS = 200;

/** Another member becomes the primary. docs/pivot.md has the steps and what holds when everything dies at each of them. */
export async function pivot(raw: unknown): Promise<WithProgress<PivotResult | PivotPreview>> {
  const trusted = fromGuard(raw) ?? fromUpgrade(raw);
  return operation<PivotInput, PivotResult | PivotPreview>(
    {
      type: 'pivot',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
      trusted,
      led: trusted?.evidence && signsOf(trusted.evidence),
    },
    raw,
    (op) => {
      const { to, unplanned, reason, towards } = op.input;
      return changePrimary(op, { to, unplanned, reason, towards, evidence: trusted?.evidence });
    },
  );
}

/** Part of an upgrade, which holds the cluster: nobody but a workflow of drydock has children of this type. */
function fromUpgrade(raw: unknown): PivotInput | undefined {
  const input = raw as Partial<PivotInput> | null | undefined;
  if (!workflowInfo().parent || typeof input?.cluster !== 'string' || (input.towards !== 'new' && input.towards !== 'old'))
    return undefined;
  return { reason: 'upgrade', proof: true, ...input, cluster: input.cluster, dryRun: false, unplanned: false };
}

/** The guard's own input was made by drydock from what it has just seen; the switch reads all of it back from the servers. */
function fromGuard(raw: unknown): PivotInput | undefined {
  const input = raw as Partial<PivotInput> | null | undefined;
  if (!input?.evidence?.state?.definition || !input.evidence.observation?.members || input.unplanned !== true) return undefined;
  const { evidence } = input;
  return { reason: evidence.diagnosis, dryRun: false, proof: true, ...input, cluster: evidence.state.definition.name, unplanned: true };
}

/** From the first sign to the report, and from there until this workflow was begun by the guard. */
const signsOf = ({ firstSignAt, observation: { at } }: GuardEvidence): Led[] => [
  { name: 'make sure of the loss', from: firstSignAt, to: at },
  { name: 'report to the guard, start the pivot', from: at, to: workflowInfo().startTime.toISOString() },
];

interface Change {
  to?: string;
  unplanned: boolean;
  reason: string;
  evidence?: GuardEvidence;
  towards?: Towards;
}

/** A pivot that had to wait for a worker was started before an outage: what the guard saw then may have healed. */
const STALE_MS = 10_000;

async function trustOrLook(evidence: GuardEvidence, cluster: string): Promise<Look> {
  if (Date.now() - workflowInfo().startTime.getTime() < STALE_MS) return evidence;
  const seen = await lookUntilSeen(cluster);
  const old = seen.observation.members.find(({ name }) => name === seen.state.primary);
  if (old?.reach === 'answers')
    throw failure('SwitchFailed', `${old.name} answers again: this pivot was decided at ${evidence.observation.at}, before an outage`);
  return seen;
}

async function changePrimary(op: Operation<PivotInput>, change: Change): Promise<PivotResult | PivotPreview> {
  const look = await op.step('look at the cluster', async (step) => {
    const seen: Look = change.evidence ? await trustOrLook(change.evidence, op.input.cluster) : await lookAtCluster(op.input.cluster);
    step.detail(`primary ${seen.state.primary}, epoch ${seen.state.epoch}, ${seen.state.members.length} members`);
    return seen;
  });
  const plan = await op.step('decide who is promoted', async (step) => {
    const made = planOf(op, look, change);
    step.detail(made.to ? `${made.from} → ${made.to}, epoch ${made.nextEpoch}` : 'nobody may be promoted');
    made.warnings.forEach((warning) => op.warn(warning));
    return Promise.resolve(made);
  });
  if (op.dryRun) return { plan };
  refuseUnfit(look.state, plan, op, change);
  await op.gate('before-switch', `promote ${plan.to} in place of ${plan.from} (epoch ${plan.epoch} → ${plan.nextEpoch})`);
  await lastSafePoint(op, plan.cluster, change.unplanned);

  op.compensate('put the old primary back to work', () => standDown(op));
  const done = await switchUntilDone(op, change, look, plan);
  const { report } = done;
  const state: ClusterState = withStanding({ ...done.state, epoch: report.epoch, primary: report.primary });
  op.pointOfNoReturn(
    change.towards
      ? { loses: 'nothing: the upgrade that it is a part of takes it back' }
      : {
          loses: 'nothing: a planned pivot back',
          wayBack: () => changePrimary(op, { to: done.plan.from, unplanned: false, reason: `rollback of ${op.id}` }),
        },
  );
  report.warnings.forEach((warning) => op.warn(warning));
  if (report.routersMissing.length > 0) op.warn(`routers that did not confirm epoch ${state.epoch}: ${report.routersMissing.join(', ')}`);
  const unplanned = change.unplanned || report.lostOld;
  const told = tellEverybody(op, state);
  const { repointed, aside } = await moveTheRest(op, state, done.plan, report, unplanned).finally(() => told);
  const proof = op.input.proof ? await startProof(op, state, presentOf(state, repointed)) : undefined;
  return {
    cluster: plan.cluster,
    epoch: state.epoch,
    from: done.plan.from,
    to: report.primary,
    unplanned,
    switch: report,
    repointed,
    aside,
    proof,
  };
}

interface Done {
  state: ClusterState;
  plan: PivotPlan;
  report: SwitchReport;
}

/** Decides and switches until the new primary is open; each time from a fresh look, since what was decided on has changed. */
async function switchUntilDone(op: Operation<PivotInput>, change: Change, look: Look, plan: PivotPlan): Promise<Done> {
  const accepted: Accepted = { unfenced: false, loss: false, looks: 0 };
  for (let decisions = 1; decisions <= MOST_DECISIONS; decisions++) {
    const report = await switchOrNothing(op, look, plan, change, accepted);
    if (!report) {
      ({ look, plan, change } = await decideAfterSilence(op, look, plan, change));
      await lastSafePoint(op, plan.cluster, change.unplanned);
      continue;
    }
    if (report.outcome === 'switched') return { state: look.state, plan, report };
    if (report.outcome === 'given-up')
      throw failure('SwitchFailed', `given up, ${plan.from} is the primary as before: ${report.problem?.message}`);
    // The old primary was lost in the middle: what a planned pivot asks of it can't be had any more.
    if (report.lostOld) change = { ...change, unplanned: true };
    if (report.outcome === 'held-for-person') await waitForPerson(op, report, plan, accepted);
    else await waitForBacklog(op, report);
    look = await lookUntilSeen(op.input.cluster);
    plan = planOf(op, look, { ...change, to: undefined });
    refuseUnfit(look.state, plan, op, change);
    await lastSafePoint(op, plan.cluster, change.unplanned);
  }
  throw failure('SwitchFailed', `the cluster changed ${MOST_DECISIONS} times while it was decided who is promoted`);
}

/** Until here a pause or an abort takes effect, also one that comes while the guard is told. */
async function lastSafePoint(op: Operation<PivotInput>, cluster: string, unplanned: boolean): Promise<void> {
  do {
    await op.safePoint('before the switch');
    if (!unplanned) await expectFencing(cluster);
  } while (op.interrupted);
}

/** Undefined when the switch did not answer within its bound: its candidate, its worker or Temporal was away. */
async function switchOrNothing(...order: Parameters<typeof switchPrimary>): Promise<SwitchReport | undefined> {
  try {
    return await switchPrimary(...order);
  } catch (error) {
    if (!ranOut(error)) throw error;
    const [op] = order;
    op.enter('preparing');
    op.warn('the switch did not answer in time: looking at what is true');
    return undefined;
  }
}

/** In an attempt, or in the pause between two: then the server passes on what the last attempt failed with. A lost candidate will not answer. */
const ranOut = (error: unknown): boolean =>
  ['TimedOut', 'CandidateLost'].includes(codeOf(error) ?? '') ||
  (error instanceof ActivityFailure && error.retryState === RetryState.TIMEOUT);

/**
 * What the journal says decides. The next epoch is there and its primary lives: the same order goes on from it. It is there and its primary is
 * dead: an unplanned pivot from that one. It is not there, but may be on the disk of a candidate that died: that epoch is not used again.
 */
async function decideAfterSilence(
  op: Operation<PivotInput>,
  before: Look,
  plan: PivotPlan,
  change: Change,
): Promise<{ look: Look; plan: PivotPlan; change: Change }> {
  const seen = await lookUntilSeen(op.input.cluster);
  const lives = answering(seen).includes(seen.state.primary);
  if (seen.state.epoch === plan.nextEpoch && lives) return { look: { ...seen, state: before.state }, plan, change };
  const next: Change = { ...change, to: undefined, unplanned: change.unplanned || !lives };
  const made = planOf(op, seen, next);
  refuseUnfit(seen.state, made, op, next);
  return { look: seen, plan: { ...made, nextEpoch: Math.max(made.nextEpoch, plan.nextEpoch + 1) }, change: next };
}

function planOf(op: Operation<PivotInput>, look: Look, change: Change): PivotPlan {
  refuseUnexpected(look.state, op.input.expect);
  const transactionBoundMs = boundOf(op, look.state);
  const towards = change.unplanned ? undefined : change.towards;
  return planPivot(look.state, look.observation, { unplanned: change.unplanned, to: change.to, towards, transactionBoundMs });
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

function switchPrimary(op: Operation<PivotInput>, look: Look, plan: PivotPlan, change: Change, accepted: Accepted): Promise<SwitchReport> {
  return op.switching(() =>
    op.step('switch the primary', async (step) => {
      const order = summarised(critical.switchPrimary, `${plan.cluster}: ${plan.from} → ${plan.to}, epoch ${plan.nextEpoch}`, {
        scheduleToCloseTimeout: '45s',
      });
      const report = await order({
        operation: op.id,
        state: look.state,
        plan,
        unplanned: change.unplanned,
        members: answering(look),
        transactionBoundMs: boundOf(op, look.state),
        reason: change.reason,
        accepted: { unfenced: accepted.unfenced, loss: accepted.loss },
      });
      step.detail(
        report.outcome === 'switched'
          ? `${report.primary} is the primary; clients held ${report.heldMs} ms; fence: ${report.fence}`
          : `${report.outcome}: ${report.problem?.message}`,
      );
      return report;
    }),
  );
}

/** Whom the switch works with: delayed and cascading members are left where they are, and step 8 sees to them. */
const answering = ({ state, observation }: Look): string[] =>
  observation.members.filter(({ name, reach }) => reach === 'answers' && !isBystander(state.definition, name)).map(({ name }) => name);

/** A backlog is never opened before it is applied; meanwhile it is shown, and the choice is made anew each time. */
async function waitForBacklog(op: Operation<PivotInput>, report: SwitchReport): Promise<void> {
  op.enter('preparing');
  op.warn(report.problem?.message ?? 'the candidate is not ready');
  await sleep('500ms', { summary: 'until the relay log is applied' });
}

/** After an abort, or a switch that was given up: whoever is primary by the journal serves again, if it is alive. */
async function standDown(op: Operation<PivotInput>): Promise<void> {
  const { look, epoch, primary } = await backToWork(op);
  await fencingIsOver(op.input.cluster);
  if (epoch !== look.state.epoch) await signalGuard(op.input.cluster, 'clusterChanged', { epoch, primary });
}

/** Looked at anew when a journal row came to light meanwhile: then the one that it names is the primary. */
async function backToWork(op: Operation<PivotInput>): Promise<{ look: Look; epoch: number; primary: string }> {
  const back = summarised(critical.standDown, 'put the old primary back to work', { retry: { maximumAttempts: 25 } });
  for (let tries = 1; ; tries++) {
    const look = await lookUntilSeen(op.input.cluster);
    try {
      return { look, ...(await back(look.state, op.id, answering(look))) };
    } catch (error) {
      if (codeOf(error) !== 'StaleEpoch' || tries >= 3) throw error;
    }
  }
}

/** Proof of equal data runs as an operation of its own, so that it never keeps the next pivot waiting. */
export async function startProof(
  op: Pick<Operation<unknown>, 'step'>,
  state: ClusterState,
  members: string[],
): Promise<string | undefined> {
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
