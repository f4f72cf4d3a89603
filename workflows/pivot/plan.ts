import type { Problem } from '../../schemas/error-codes';
import type { Observation } from '../../schemas/observation';
import type { Expectation } from '../../schemas/operation';
import type { PivotPlan, Towards } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import { acknowledgersByRule, acknowledgersFor, cutOffNeeded } from './acknowledgers';
import { type CheckContext, plannedChecks, unplannedChecks } from './checks';
import { chooseCandidate } from './choose-candidate';

export interface PlanOptions {
  unplanned: boolean;
  to?: string;
  towards?: Towards;
  expect?: Expectation;
  transactionBoundMs: number;
}

/** Medians of bench/pivot on two cores, for the prediction of a dry run: milliseconds that clients wait. */
const TYPICAL_INTERRUPTION_MS = { planned: { async: 30, 'semi-sync': 70 }, unplanned: { async: 400, 'semi-sync': 250 } };

/** The whole plan of a pivot, with every problem that refuses it. Pure. */
export function planPivot(state: ClusterState, observation: Observation, options: PlanOptions): PivotPlan {
  const { verdicts, chosen, comparable, leftBehind } = chooseCandidate(state, observation, options);
  const views = new Map(observation.members.map((view) => [view.name, view]));
  const context: CheckContext = {
    state,
    observation,
    primary: views.get(state.primary),
    candidate: chosen === undefined ? undefined : views.get(chosen),
    transactionBoundMs: options.transactionBoundMs,
  };
  const findings = (options.unplanned ? unplannedChecks : plannedChecks).map((check) => check(context));
  const candidate = context.candidate?.replication;
  const catchUpSeconds = candidate && !candidate.drained ? Math.ceil(candidate.lagSeconds ?? 0) : 0;
  return {
    cluster: state.definition.name,
    epoch: state.epoch,
    nextEpoch: state.epoch + 1,
    from: state.primary,
    to: chosen ?? '',
    candidates: verdicts,
    problems: [...targetProblems(state, options, verdicts, chosen), ...findings.flatMap((finding) => finding.problems ?? [])],
    warnings: [
      ...leftBehind.map((reason) => `${chosen}: ${reason}; it is promoted all the same, since nobody else has received as much`),
      ...findings.flatMap((finding) => finding.warnings ?? []),
    ],
    acknowledgers: state.definition.durability === 'semi-sync' ? acknowledgersFor(state, observation, chosen ?? '') : [],
    cutOff: cutOff(state),
    comparable,
    prediction: {
      interruptionMs:
        TYPICAL_INTERRUPTION_MS[options.unplanned ? 'unplanned' : 'planned'][state.definition.durability] + catchUpSeconds * 1000,
      catchUpSeconds,
      loses: predictLoss(state, options),
    },
  };
}

/** A commit of drydock's clusters needs one receipt (k = 1). */
const REQUIRED_ACKNOWLEDGEMENTS = 1;

function cutOff(state: ClusterState): PivotPlan['cutOff'] {
  const of = acknowledgersByRule(state);
  return { of, needed: cutOffNeeded(of.length, REQUIRED_ACKNOWLEDGEMENTS) };
}

function predictLoss(state: ClusterState, options: PlanOptions): string {
  if (!options.unplanned || state.definition.durability === 'semi-sync') return 'nothing that was acknowledged';
  return 'acknowledged writes that no replica has received; they are counted when the old primary is back';
}

function targetProblems(
  state: ClusterState,
  options: PlanOptions,
  verdicts: PivotPlan['candidates'],
  chosen: string | undefined,
): Problem[] {
  const problems: Problem[] = [];
  const { to } = options;
  if (to !== undefined && !state.members.some((member) => member.name === to))
    problems.push({ path: 'to', message: `no member ${to}; members are ${state.members.map((member) => member.name).join(', ')}` });
  else if (to !== undefined && to === state.primary) problems.push({ path: 'to', message: `${to} is the primary already` });
  else if (to !== undefined && chosen === undefined)
    problems.push({
      path: 'to',
      message: `${to} may not be promoted: ${verdicts.find((verdict) => verdict.member === to)?.reasons.join('; ') ?? ''}`,
    });
  else if (chosen === undefined)
    problems.push({
      path: 'members',
      message: `nobody may be promoted: ${verdicts.map((v) => `${v.member}: ${v.reasons.join('; ')}`).join(' | ') || 'there is no replica'}`,
    });
  return problems;
}

/** What `expect` names and reality does not confirm; empty when all is as expected. */
export function unmetExpectations(state: ClusterState, expect: Expectation | undefined): Problem[] {
  const problems: Problem[] = [];
  if (expect?.primary !== undefined && expect.primary !== state.primary)
    problems.push({ path: 'expect.primary', message: `expected ${expect.primary}, found ${state.primary}` });
  if (expect?.epoch !== undefined && expect.epoch !== state.epoch)
    problems.push({ path: 'expect.epoch', message: `expected ${expect.epoch}, found ${state.epoch}` });
  return problems;
}
