import type { UpgradeInput } from '../../schemas/inputs';
import { clusterTarget } from '../../schemas/names';
import type { UpgradeExamination, UpgradePlan, UpgradePreview, UpgradeRehearsal, UpgradeResult } from '../../schemas/upgrade';
import { failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { lookAtCluster, refuseUnexpected } from '../pivot/look';
import { carryOut, upgradingSteps } from './carry-out';
import { notComparable } from './ddl/judge';
import { notBuilt, notBuiltForPlan } from './not-built';
import { donorOf, planUpgrade, questionOf } from './plan';
import { rehearsalSteps, rehearse } from './rehearse';
import { stepOf, allSteps } from './steps';

const planning = ['look at the cluster', 'examine the data and the settings', 'plan the upgrade'] as const;

/** Reads of all tables' definitions, and of up to 200,000 rows of each. */
const bound = { scheduleToCloseTimeout: '15 minutes', startToCloseTimeout: '10 minutes', retry: { maximumAttempts: 5 } } as const;

type Answer = UpgradePreview | UpgradeRehearsal | UpgradeResult;

/** To another version, or another schema. docs/upgrade.md has the steps, and what is built of them. */
export async function upgrade(raw: unknown): Promise<WithProgress<Answer>> {
  return operation<UpgradeInput, Answer>(
    {
      type: 'upgrade',
      steps: [...planning, ...stepsOf(raw)],
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
    },
    raw,
    plan,
  );
}

/** The input is not validated yet. */
const stepsOf = (raw: unknown): readonly string[] =>
  (raw as Partial<UpgradeInput> | null | undefined)?.rehearse === true ? rehearsalSteps : upgradingSteps;

async function plan(op: Operation<UpgradeInput>): Promise<Answer> {
  const { cluster, expect, rehearse: rehearsed, dryRun, ...asked } = op.input;
  const carriedOut = !dryRun && !rehearsed;
  if (carriedOut) refuse('NotSupported', 'this upgrade can be planned (dryRun), and not yet be carried out', notBuilt(op.input));
  const look = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(cluster);
    step.detail(`primary ${seen.state.primary}, epoch ${seen.state.epoch}, ${seen.state.members.length} members`);
    return seen;
  });
  const { state } = look;
  refuseUnexpected(state, expect);
  const examination = await op.step('examine the data and the settings', async (step) => {
    const donor = donorOf(look, stepOf(allSteps(asked.steps), 'build-members').donor);
    const found = await summarised(work.examineUpgrade, `examine ${donor}`, bound)(state, donor, questionOf(state, asked));
    step.detail(`${found.tables} tables, about ${found.rows} rows, ${Math.ceil(found.bytes / 1e6)} MB, read on ${donor}`);
    return found;
  });
  const made = await op.step('plan the upgrade', (step) => {
    const plan = planUpgrade({ ...look, examination }, asked);
    const count = (verdict: string): number => plan.findings.filter((each) => each.verdict === verdict).length;
    step.detail(
      `${plan.from} → ${plan.to}: ${count('refused')} findings refuse it, ${count('named') + count('accepted')} are worth knowing`,
    );
    return Promise.resolve(plan);
  });
  if (dryRun) {
    for (const step of upgradingSteps) op.skip(step, 'a dry run touches nothing');
    return { plan: made };
  }
  if (carriedOut)
    refuse('NotSupported', 'this upgrade can be planned (dryRun), and not yet be carried out', notBuiltForPlan(state, made, asked.steps));
  refuseUnfit(made);
  refuseHidden(asked.schema ?? [], examination);
  if (rehearsed) return { plan: made, rehearsal: await rehearse(op, state, made) };
  return carryOut(op, look, made);
}

/** Before anything is touched. */
function refuse(code: 'NotSupported', message: string, problems: { path: string; message: string }[]): void {
  if (problems.length > 0)
    throw failure(code, `${message}: ${problems.map((each) => each.message).join('; ')}; see docs/upgrade.md`, problems);
}

/** What the comparison can't see yet. */
function refuseHidden(schema: string[], examination: UpgradeExamination): void {
  const problems = notComparable(schema, examination.shapes);
  if (problems.length > 0)
    throw failure(
      'NotSupported',
      'this change of the schema can be planned (dryRun), and not yet be rehearsed or carried out: rows could not be compared',
      problems,
    );
}

/** All at once; nothing was touched. */
function refuseUnfit({ cluster, findings }: UpgradePlan): void {
  const problems = findings
    .filter(({ verdict }) => verdict === 'refused')
    .map(({ check, path, message, remedy }) => ({ path: path === '' ? check : `${check} ${path}`, message: `${message}; ${remedy}` }));
  if (problems.length > 0)
    throw failure('PrecheckFailed', `cluster ${cluster} is not fit for this upgrade, for ${problems.length} reasons`, problems);
}
