import { uuid4 } from '@temporalio/workflow';

import type { AdoptionReport, Difference, Examination, ExaminedMember } from '../../schemas/adoption';
import type { AdoptionFile } from '../../schemas/adoption-file';
import type { AdoptClusterInput } from '../../schemas/inputs';
import { clusterTarget } from '../../schemas/names';
import type { Cluster, ClusterState } from '../../schemas/topology';
import { announcing, tell } from '../announce/tell';
import { startGuard } from '../cluster/guard';
import { together } from '../cluster/together';
import { signalGuard } from '../pivot/guard-signals';
import { failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { differences } from './differences';
import { clusterOf, namedMembers, reportOf, thereBefore } from './plan';

const steps = [
  'look for what exists',
  'examine the members',
  'make accounts and journal',
  'make the routers',
  'write the first row of the journal',
  'put the settings of each role in place',
  'write down what exists',
  'tell the routers',
  'start the guard',
] as const;

/** What an SQL error refuses is told soon, and does not pass by trying for ever. */
const bounded = { scheduleToCloseTimeout: '2 minutes', retry: { maximumAttempts: 6 } } as const;

/** A cluster that others made is taken under guard. docs/adoption.md has what is examined, what is changed, and what undoes it. */
export async function adoptCluster(raw: unknown): Promise<WithProgress<ClusterState | AdoptionReport>> {
  return operation<AdoptClusterInput, ClusterState | AdoptionReport>(
    { type: 'adoptCluster', steps, target: ({ cluster }) => clusterTarget(cluster.name), dryRun: ({ dryRun }) => dryRun },
    raw,
    adopt,
  );
}

async function adopt(op: Operation<AdoptClusterInput>): Promise<ClusterState | AdoptionReport> {
  const file = op.input.cluster;
  const before = await op.step('look for what exists', async (step) => {
    const existing = await work.describeCluster(file.name);
    if (existing) refuseAnother(existing, file);
    step.detail(existing ? 'it was adopted before: what is missing is completed' : 'nothing of this name');
    return existing;
  });
  const { examination, found } = await examine(op, file);
  if (op.dryRun) return reportOf(file, examination, found);
  refuseUnfit(found);

  // Marks what this very run makes in the engines: what was there before is never removed by this one.
  const mark = `${op.id}#${uuid4().slice(0, 8)}`;
  const planned = clusterOf(file, examination, op.id);
  // Tells it apart, for who is told of it, from an earlier cluster of its name.
  const created = before?.created ?? new Date().toISOString();
  if (file.subscribers.length > 0)
    await summarised(announcing.checkSubscribers, `secrets of the subscribers of ${file.name}`)(planned.definition);
  const primary = reportOf(file, examination, found).primary ?? '';
  await makeAccounts(op, planned, primary, thereBefore(examination));
  const cluster: Cluster = { ...(await makeRouters(op, mark, planned)), created };
  const state = await op.step('write the first row of the journal', async (step) => {
    const opened = await summarised(work.openAdopted, `${primary} is the primary of ${file.name}`, bounded)(cluster, primary, op.id);
    step.detail(`${opened.primary}, epoch ${opened.epoch}`);
    return opened;
  });
  await settle(op, state, before ? [] : examination.members);
  // One that was adopted before stays so, whatever becomes of this run.
  if (!before) op.compensate('forget the cluster', () => work.forgetAdoption(file.name));
  await op.step('write down what exists', () => summarised(work.recordAdoption, `record ${file.name}`)(cluster));
  const told = await tellRouters(op, state);
  // From here on a pivot may come at any time: what was changed is not put back any more.
  op.pointOfNoReturn({ loses: 'the cluster is adopted: `drydock cluster delete` gives it back' });
  await op.step('start the guard', async (step) => {
    step.detail(await startGuard(file.name));
    // One that watches already is told what was written down anew.
    await signalGuard(file.name, 'clusterChanged', told);
  });
  await tell(op, told, 'primary');
  return told;
}

/** The same name for other servers would leave those that it stands for unguarded. */
function refuseAnother({ adoption, members }: Cluster, file: AdoptionFile): void {
  if (!adoption) throw failure('AlreadyExists', `cluster ${file.name} exists and was made by drydock`);
  const known = file.members.some(({ address, port }) => members.some((member) => member.address === address && member.port === port));
  if (!known)
    throw failure(
      'AlreadyExists',
      `cluster ${file.name} was adopted with other members: ${members.map(({ address, port }) => `${address}:${port}`).join(', ')}`,
    );
}

async function examine(op: Operation<AdoptClusterInput>, file: AdoptionFile): Promise<{ examination: Examination; found: Difference[] }> {
  return op.step('examine the members', async (step) => {
    const examination = await summarised(work.examineMembers, `examine ${file.members.length} members`, {
      scheduleToCloseTimeout: '2 minutes',
    })(file, namedMembers(file));
    const found = differences(file, examination);
    const count = (verdict: Difference['verdict']): number => found.filter((each) => each.verdict === verdict).length;
    step.detail(`${count('refused')} refuse it, ${count('changed')} are changed, ${count('named')} are worth knowing`);
    for (const { verdict, path, message, remedy } of found)
      if (verdict !== 'refused') op.warn(`${verdict}: ${path}: ${message} (${remedy})`);
    return { examination, found };
  });
}

/** All at once; nothing was touched. */
function refuseUnfit(found: Difference[]): void {
  const problems = found
    .filter(({ verdict }) => verdict === 'refused')
    .map(({ path, message, remedy }) => ({ path, message: `${message}; ${remedy}` }));
  if (problems.length > 0)
    throw failure(
      'PrecheckFailed',
      `the cluster can not be adopted as it is, for ${problems.length} reasons; nothing was touched`,
      problems,
    );
}

async function makeAccounts(op: Operation<AdoptClusterInput>, cluster: Cluster, primary: string, before: string[]): Promise<void> {
  op.compensate('drop the accounts and the schema that were made', () =>
    summarised(work.dropOwnAccounts, `drop what ${op.id} made`)(cluster, primary, before),
  );
  await op.step('make accounts and journal', () => summarised(work.makeOwnAccounts, `accounts on ${primary}`, bounded)(cluster, primary));
}

async function makeRouters(op: Operation<AdoptClusterInput>, mark: string, planned: Cluster): Promise<Cluster> {
  const { name } = planned.definition;
  if (planned.definition.routers === 0) {
    op.skip('make the routers', 'none are wanted: clients are moved by others');
    return planned;
  }
  op.compensate('remove the routers', () => summarised(work.removeCluster, `remove the routers that ${op.id} made`)(name, false, mark));
  return op.step('make the routers', async (step) => {
    const cluster = await work.prepareRouters(mark, planned);
    await together(cluster.routers, (router) =>
      summarised(work.createRouter, `create ${router.name}`)(mark, cluster.definition, cluster, router),
    );
    step.detail(cluster.routers.map((router) => router.name).join(', '));
    return cluster;
  });
}

/**
 * Replicas first: the primary waits for their receipts at once. Only a first adoption is undone: where a guard watches already the primary
 * may be another one by now.
 */
async function settle(op: Operation<AdoptClusterInput>, state: ClusterState, undoable: ExaminedMember[]): Promise<void> {
  for (const { name, settings } of undoable)
    op.compensate(`put the settings of ${name} back`, () =>
      summarised(work.restoreSettings, `settings of ${name} as they were`)(state, name, settings),
    );
  const replicas = state.members.map(({ name }) => name).filter((name) => name !== state.primary);
  await op.step('put the settings of each role in place', async () => {
    await together(replicas, (name) => summarised(work.settleMember, `settings of ${name}`, bounded)(state, name));
    await summarised(work.settleMember, `settings of ${state.primary}`, bounded)(state, state.primary);
  });
}

/** Answers the state with the routers as they are: ports that drydock chose may have been taken by others meanwhile. */
async function tellRouters(op: Operation<AdoptClusterInput>, planned: ClusterState): Promise<ClusterState> {
  if (planned.routers.length === 0) {
    op.skip('tell the routers', 'there are none');
    return planned;
  }
  return op.step('tell the routers', async (step) => {
    const made = await work.describeCluster(planned.definition.name);
    const state = { ...planned, routers: made?.routers ?? planned.routers };
    const replicas = state.members.map(({ name }) => name).filter((name) => name !== state.primary);
    const { confirmed, missing } = await work.tellRouters(state, replicas);
    if (missing.length > 0) throw failure('RouterUnreachable', `routers that did not confirm epoch ${state.epoch}: ${missing.join(', ')}`);
    step.detail(`${confirmed.length} open for ${state.primary}`);
    return state;
  });
}
