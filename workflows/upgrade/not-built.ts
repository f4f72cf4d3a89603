/** What of docs/upgrade.md is not built yet: refused by its name before anything is touched. Pure. */
import type { Problem } from '../../schemas/error-codes';
import type { UpgradeInput } from '../../schemas/inputs';
import type { Cluster } from '../../schemas/topology';
import type { UpgradePlan } from '../../schemas/upgrade';
import { allSteps, isOwn, isSkipped, stepOf } from './steps';
import { findPair, seriesOf } from './version-pairs';

/** Pairs whose cut-over and way back are built. */
const built: readonly string[] = ['mysql 8.0 9.7'];
/** Of these, the ones that were seen to go there and back on real servers; the others a plan must take on. */
const seen: readonly string[] = [];
/** In `accept` of preflight. */
export const unseenCheck = 'CutOverUnseen';

/** By the input alone. */
export function notBuilt({ steps: listed }: Pick<UpgradeInput, 'steps'>): Problem[] {
  const steps = allSteps(listed);
  const problems: Problem[] = steps
    .filter(isOwn)
    .filter(({ step }) => step !== 'approve')
    .map(({ name, step }) => ({ path: `steps.${name}`, message: `own steps (${step}) are not carried out yet` }));
  const after = steps.slice(steps.findIndex(({ step }) => step === 'cut-over'));
  for (const step of after)
    if (step.step === 'approve' && step.onTimeout === 'abort')
      problems.push({
        path: `steps.${step.name}`,
        message: `${step.name} comes after the cut-over, where nothing is aborted: use onTimeout ask-again`,
      });
  if (stepOf(steps, 'verify').reads) problems.push({ path: 'steps.verify.reads', message: 'reads of the primary are not run again yet' });
  if (!isSkipped(stepOf(steps, 'canary'))) problems.push({ path: 'steps.canary', message: 'the canary is not built yet' });
  const { rollbackWhen } = stepOf(steps, 'keep-way-back');
  if (rollbackWhen.assertions.length > 0 || rollbackWhen.routerErrorRate !== undefined)
    problems.push({ path: 'steps.keep-way-back.rollbackWhen', message: 'the automatic rollback is not built yet' });
  return problems;
}

/** By what was found. */
export function notBuiltForPlan(
  { definition }: Pick<Cluster, 'definition'>,
  plan: Pick<UpgradePlan, 'target' | 'wayBack' | 'steps'>,
  listed: UpgradeInput['steps'],
): Problem[] {
  const from = seriesOf(definition.engine, definition.version);
  const { target, wayBack } = plan;
  const kept = plan.steps.some(({ step, skipped }) => step === 'keep-way-back' && skipped === undefined);
  const problems: Problem[] = [];
  const name = `${from.engine} ${from.series} ${target.series}`;
  const pair = findPair(from, target);
  const takenOn = stepOf(allSteps(listed), 'preflight').accept.some(({ check }) => check === unseenCheck);
  // What is no pair at all is a finding, which says what else there is.
  if (!('refused' in pair) && !built.includes(name))
    problems.push({
      path: 'to',
      message: `the cut-over from ${from.series} to ${target.series} is not built yet${pair.places === 'gtid' ? '' : ': it goes without GTID'}`,
    });
  else if (!('refused' in pair) && !seen.includes(name) && !takenOn)
    problems.push({
      path: 'to',
      message: `the cut-over from ${from.series} to ${target.series} was not seen to go there and back on real servers yet: a plan may take that on, with accept ${unseenCheck} of preflight`,
    });
  if (kept && wayBack?.kind !== 'live')
    problems.push({
      path: 'steps.keep-way-back',
      message: `the way back would be lossy (${wayBack?.reason ?? 'nothing is known of one'}), and a lossy one is not built yet: a plan that skips keep-way-back has none`,
    });
  return problems;
}
