import { subscribersOf } from '../../schemas/announcement';
import { limitProblems } from '../../schemas/connection-limits';
import type { UpdateResult } from '../../schemas/creation';
import type { UpdateClusterInput } from '../../schemas/inputs';
import { clusterTarget } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import { announcing, tell } from '../announce/tell';
import { changePlan } from '../members/change-plan';
import { withDefinition } from '../members/decide';
import { codeOf, failure, isCancellation, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { lookAtCluster, refuseUnexpected } from '../pivot/look';
import { changed, differences } from './definition';

const steps = ['look at the cluster', 'write the change down', 'tell the routers', 'tell the subscribers'] as const;

const bound = { scheduleToCloseTimeout: '30s', retry: { maximumAttempts: 3 } } as const;

/** Changes rules of a cluster that serves: its subscribers, who is read from. docs/cluster.md says which. */
export async function updateCluster(raw: unknown): Promise<WithProgress<UpdateResult>> {
  return operation<UpdateClusterInput, UpdateResult>(
    {
      type: 'updateCluster',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
    },
    raw,
    update,
  );
}

async function update(op: Operation<UpdateClusterInput>): Promise<UpdateResult> {
  const { cluster: name, set, expect } = op.input;
  const { look, wanted, changes } = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(name);
    refuseUnexpected(seen.state, expect);
    const { definition } = seen.state;
    const next = changed(definition, set);
    const problems = limitProblems(next).map(({ path, message }) => ({ path: `cluster.${path}`, message }));
    if (problems.length > 0) throw failure('PrecheckFailed', problems.map(({ message }) => message).join('; '), problems);
    const found = differences(definition, next);
    step.detail(found.map(({ path, message }) => `${path} ${message}`).join('; ') || 'it is as asked for');
    return { look: seen, wanted: next, changes: found };
  });
  const { state, observation } = look;
  if (subscribersOf(wanted).length > 0) await summarised(announcing.checkSubscribers, `secrets of the subscribers of ${name}`)(wanted);
  const result = (after: ClusterState): UpdateResult => ({ cluster: name, revision: after.revision ?? 0, changes });
  if (op.dryRun) return result(state);
  await op.gate('before-switch', `change ${changes.map(({ path }) => path).join(', ') || 'nothing'} of cluster ${name}`);
  await op.safePoint('before the change is written down');
  op.pointOfNoReturn({ loses: 'nothing; another update with the old values puts them back' });
  const after = await op.step('write the change down', () =>
    // Also what is so already: an earlier update may have been cut off before it told the guard.
    changePlan(op, state, (present) => withDefinition(present, changed(present.definition, set))),
  );
  await op.step('tell the routers', async (step) => {
    const readers = [...new Set(observation.routers.flatMap((router) => router.readers))].filter((each) => each !== after.primary);
    if (after.routers.length === 0) return step.detail('there are none');
    try {
      const { confirmed, missing } = await summarised(work.tellRouters, 'limits of the routers', bound)(after, readers, undefined, true);
      for (const router of missing) op.warn(`${router} was not told: the guard tells it when it answers`);
      step.detail(`confirmed by ${confirmed.join(', ') || 'none'}`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      op.warn(`the routers were not told (${codeOf(error)}): the guard tells them`);
    }
  });
  await op.step('tell the subscribers', async (step) => {
    await tell(op, after, 'primary');
    step.detail(
      subscribersOf(after.definition)
        .map((each) => each.name)
        .join(', ') || 'there are none',
    );
  });
  return result(after);
}
