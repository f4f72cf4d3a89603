import type { UpgradeInput } from '../../schemas/inputs';
import { clusterTarget } from '../../schemas/names';
import type { UpgradePreview } from '../../schemas/upgrade';
import { failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { lookAtCluster } from '../pivot/look';
import { unmetExpectations } from '../pivot/plan';
import { donorOf, planUpgrade, questionOf } from './plan';
import { stepOf, allSteps } from './steps';

const steps = ['look at the cluster', 'examine the data and the settings', 'plan the upgrade'] as const;

/** Reads of all tables' definitions, and of up to 200,000 rows of each. */
const bound = { scheduleToCloseTimeout: '15 minutes', startToCloseTimeout: '10 minutes', retry: { maximumAttempts: 5 } } as const;

/** To another version, or another schema. docs/upgrade.md has what is built: the dry run. */
export async function upgrade(raw: unknown): Promise<WithProgress<UpgradePreview>> {
  return operation<UpgradeInput, UpgradePreview>(
    {
      type: 'upgrade',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      // Whatever is not built must not keep others waiting.
      hold: false,
    },
    raw,
    preview,
  );
}

async function preview(op: Operation<UpgradeInput>): Promise<UpgradePreview> {
  if (!op.dryRun)
    throw failure(
      'NotSupported',
      'an upgrade can be planned and not yet be carried out: start it with dryRun (--dry-run); docs/upgrade.md says what is built',
    );
  const { cluster, expect, ...asked } = op.input;
  const look = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(cluster);
    step.detail(`primary ${seen.state.primary}, epoch ${seen.state.epoch}, ${seen.state.members.length} members`);
    return seen;
  });
  const { state } = look;
  const unmet = unmetExpectations(state, expect);
  if (unmet.length > 0) throw failure('ExpectationFailed', 'the cluster is not what was expected', unmet);
  const examination = await op.step('examine the data and the settings', async (step) => {
    const donor = donorOf(look, stepOf(allSteps(asked.steps), 'build-members').donor);
    const found = await summarised(work.examineUpgrade, `examine ${donor}`, bound)(state, donor, questionOf(state, asked));
    step.detail(`${found.tables} tables, about ${found.rows} rows, ${Math.ceil(found.bytes / 1e6)} MB, read on ${donor}`);
    return found;
  });
  return op.step('plan the upgrade', (step) => {
    const plan = planUpgrade({ ...look, examination }, asked);
    const count = (verdict: string): number => plan.findings.filter((each) => each.verdict === verdict).length;
    step.detail(
      `${plan.from} → ${plan.to}: ${count('refused')} findings refuse it, ${count('named') + count('accepted')} are worth knowing`,
    );
    return Promise.resolve({ plan });
  });
}
