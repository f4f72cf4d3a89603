import { uuid4 } from '@temporalio/workflow';

import type { CreationPreview } from '../../schemas/creation';
import type { CreateClusterInput } from '../../schemas/inputs';
import { delayOf } from '../../schemas/member-rules';
import { clusterTarget } from '../../schemas/names';
import type { Cluster, ClusterState } from '../../schemas/topology';
import { failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { definitionProblems, differences, firstPrimary, previewOf } from './definition';
import { lookAtExisting } from './existing';
import { startGuard, stopGuard } from './guard';
import { together } from './together';

const steps = [
  'look for what exists',
  'make network, passwords and certificates',
  'create members and routers',
  'initialise the members',
  'open the first primary',
  'make the replicas follow',
  'read the settings back',
  'tell the routers',
  'start the guard',
] as const;

/** They heartbeat ten times a second: a dead worker's work is taken over sooner than with bulk work. */
const beats = { heartbeatTimeout: '10s' } as const;

/** Hosts that lack the images are brought them, over whatever network there is; its heartbeat tells that it goes on. */
const withImages = { startToCloseTimeout: '2 hours' } as const;

/** A primary, its replicas, routers and a guard from a definition. docs/cluster.md has the steps and what an abort undoes. */
export async function createCluster(raw: unknown): Promise<WithProgress<ClusterState | CreationPreview>> {
  return operation<CreateClusterInput, ClusterState | CreationPreview>(
    { type: 'createCluster', steps, target: ({ cluster }) => clusterTarget(cluster.name), dryRun: ({ dryRun }) => dryRun },
    raw,
    create,
  );
}

async function create(op: Operation<CreateClusterInput>): Promise<ClusterState | CreationPreview> {
  const definition = op.input.cluster;
  const { name } = definition;
  const problems = definitionProblems(definition);
  if (problems.length > 0) throw failure('InvalidInput', problems.map(({ path, message }) => `${path}: ${message}`).join('; '), problems);

  const existing = await op.step('look for what exists', async (step) => {
    const found = await work.describeCluster(name);
    if (!found) return void step.detail('nothing of this name');
    const differs = differences(found.definition, definition);
    if (differs.length > 0)
      throw failure(
        'AlreadyExists',
        `cluster ${name} exists and differs: ${differs.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
        differs,
      );
    const look = await lookAtExisting(found);
    step.detail(look.complete ? 'it exists as asked for' : `it exists and is incomplete: ${look.missing.join('; ')}`);
    return look;
  });
  if (op.dryRun) return previewOf(definition, existing?.complete ?? false);
  if (existing?.state && (existing.complete || existing.state.epoch > 1)) {
    existing.missing.forEach((each) => op.warn(each));
    for (const step of steps.slice(1, -1)) op.skip(step, 'it exists');
    await guard(op, name);
    return existing.state;
  }

  // Marks what this very run makes: an id may be used again, and what another run made must never be removed by this one.
  const mark = `${op.id}#${uuid4().slice(0, 8)}`;
  op.compensate('remove what was created', () => summarised(work.removeCluster, `remove what ${op.id} made of ${name}`)(name, true, mark));
  const plan = await op.step('make network, passwords and certificates', async (step) => {
    const made = await summarised(work.prepareCluster, `prepare ${name}`, withImages)(mark, definition);
    step.detail(`${made.members.length} members, ${made.routers.length} routers`);
    return made;
  });
  const cluster = await op.step('create members and routers', () => createContainers(mark, plan));
  const state = await replicate(op, cluster);
  await op.step('tell the routers', async (step) => {
    const replicas = state.members.map(({ name }) => name).filter((name) => name !== state.primary && delayOf(definition, name) === 0);
    const { confirmed, missing } = await work.tellRouters(state, replicas);
    if (missing.length > 0) throw failure('RouterUnreachable', `routers that did not confirm epoch ${state.epoch}: ${missing.join(', ')}`);
    step.detail(`${confirmed.length} open for ${state.primary}`);
  });
  op.compensate('stop the guard', () => stopGuard(name));
  await guard(op, name);
  op.pointOfNoReturn({ loses: 'the cluster is in use: `drydock cluster delete` removes it' });
  return state;
}

async function createContainers(mark: string, plan: Cluster): Promise<Cluster> {
  const { definition } = plan;
  await together(
    [
      ...plan.members.map((member) => () => summarised(work.createMember, `create ${member.name}`, beats)(mark, definition, member)),
      ...plan.routers.map((router) => () => summarised(work.createRouter, `create ${router.name}`, beats)(mark, definition, plan, router)),
    ],
    (make) => make(),
  );
  // Ports of routers may have been chosen again.
  const made = await work.describeCluster(definition.name);
  if (!made) throw failure('Internal', `cluster ${definition.name} was made and is not there`);
  return made;
}

async function replicate(op: Operation<CreateClusterInput>, cluster: Cluster): Promise<ClusterState> {
  await op.step('initialise the members', () =>
    together(cluster.members, (member) => summarised(work.initialiseMember, `initialise ${member.name}`)(cluster, member)),
  );
  const primary = firstPrimary(cluster.definition, cluster.members) ?? '';
  const state = await op.step('open the first primary', async (step) => {
    step.detail(primary);
    return summarised(work.openFirstPrimary, `open ${primary}`)(cluster, primary, op.id);
  });
  const replicas = cluster.members.filter((member) => member.name !== state.primary);
  await op.step('make the replicas follow', () =>
    together(replicas, (member) => summarised(work.followPrimary, `${member.name} follows ${state.primary}`)(state, member.name)),
  );
  await op.step('read the settings back', () =>
    together(cluster.members, (member) => summarised(work.applyRole, `settings of ${member.name}`)(state, member.name)),
  );
  return state;
}

async function guard(op: Operation<CreateClusterInput>, name: string): Promise<void> {
  await op.step('start the guard', async (step) => step.detail(await startGuard(name)));
}
