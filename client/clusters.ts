import { join } from 'node:path';

import { WorkflowNotFoundError } from '@temporalio/client';

import type { SubscriberView } from '../schemas/announcement';
import type { Finding } from '../schemas/guard';
import { definitionOf } from '../schemas/generations';
import { accounts, guardId, passwordRef } from '../schemas/names';
import type { Observation } from '../schemas/observation';
import type { ClusterState, Endpoint, Member } from '../schemas/topology';
import { subscribersOfCluster } from './announcements';
import { answerMs, type ClientContext, within } from './context';
import type { ClusterView } from './contract';
import { DrydockError } from './errors';

/** Answer of query `cluster` of `guard/<name>`. */
export interface GuardAnswer {
  state: ClusterState;
  findings: Finding[];
  guard: ClusterView['guard'];
  note?: string;
  maintenance?: ClusterView['maintenance'];
  lastObservation?: Observation;
}

/** The cluster as its guard knows it. A guard that was stopped still answers, from its last snapshot. Throws UnknownCluster. */
export async function showCluster(context: ClientContext, name: string): Promise<ClusterView> {
  const handle = context.client.workflow.getHandle(guardId(name));
  try {
    const { status } = await handle.describe();
    if (status.name === 'COMPLETED') throw unknown(name);
    const answer = await within(context, answerMs, () => handle.query<GuardAnswer>('cluster'));
    return viewOf(
      context.home,
      status.name === 'RUNNING' ? answer : { ...answer, guard: 'absent' },
      await subscribersOfCluster(context, answer.state),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw unknown(name);
    if (error instanceof DrydockError) throw error;
    throw new DrydockError('TimedOut', `the guard of ${name} does not answer: is a worker running? (${message(error)})`, [], undefined, {
      cause: error,
    });
  }
}

/** Every cluster that is watched. */
export async function listClusters(context: ClientContext): Promise<ClusterView[]> {
  const names: string[] = [];
  const query = `WorkflowType = 'guardCluster' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of context.client.workflow.list({ query })) names.push(workflowId.replace(/^guard\//, ''));
  return Promise.all(names.sort().map((name) => showCluster(context, name)));
}

/** During an upgrade: what clients write to. */
function versionOf({ definition, members, primary }: ClusterState): string {
  const first = members.find(({ name }) => name === primary);
  return first ? definitionOf(definition, first).version : definition.version;
}

/** Pure but for the path of the password. */
export function viewOf(
  home: string,
  { state, findings, guard, note, maintenance, lastObservation }: GuardAnswer,
  subscribers: SubscriberView[] = [],
): ClusterView {
  const { definition, members, routers, epoch, primary } = state;
  const address = (name: string): string => {
    const member = members.find((one) => one.name === name);
    return member ? `${member.address}:${member.port}` : 'unknown';
  };
  const view = (name: string) => lastObservation?.members.find((one) => one.name === name);
  const place = (name: string | undefined): Endpoint => {
    const member = members.find((one) => one.name === name);
    return { host: member?.address ?? 'unknown', port: member?.port ?? 0 };
  };
  // Without a router of ours the servers themselves are connected to.
  const first = routers[0] ?? { write: place(primary), read: place(members.find(({ name }) => name !== primary)?.name ?? primary) };
  return {
    name: definition.name,
    engine: definition.engine,
    version: versionOf(state),
    durability: definition.durability,
    epoch,
    primary: { name: primary, address: address(primary) },
    replicas: members
      .filter(({ name }) => name !== primary)
      .map(({ name }) => ({ name, address: address(name), ...replicaState(view(name)), ...placeOf(members, view(name)) })),
    routers: routers.map(({ name, write, read }) => ({
      name,
      write,
      read,
      epoch: lastObservation?.routers.find((one) => one.name === name && one.reachable)?.epoch ?? null,
    })),
    endpoints: { write: first.write, read: first.read },
    credentials: state.adoption
      ? {}
      : {
          application: {
            user: accounts.application,
            passwordFile: join(home, 'secrets', ...passwordRef(definition.name, 'application').split('/')),
          },
        },
    guard,
    ...(note === undefined ? {} : { note }),
    ...(maintenance === undefined ? {} : { maintenance }),
    findings,
    subscribers,
  };
}

type MemberView = Observation['members'][number];

function replicaState(member: MemberView | undefined): { state: string; lagSeconds: number | null } {
  if (!member) return { state: 'unknown', lagSeconds: null };
  if (member.reach !== 'answers') return { state: member.reach, lagSeconds: null };
  const { replication } = member;
  if (!replication) return { state: 'does not replicate', lagSeconds: null };
  const running = replication.receiver === 'running' && replication.applier === 'running';
  return {
    state: running ? 'replicates' : `receiver ${replication.receiver}, applier ${replication.applier}`,
    lagSeconds: replication.lagSeconds,
  };
}

/** Whom it replicates from, by name where it is a member. */
function placeOf(members: Member[], member: MemberView | undefined): { source?: string | null; delaySeconds?: number } {
  if (member?.reach !== 'answers') return {};
  const { replication } = member;
  if (!replication) return { source: null };
  const { sourceAddress, sourcePort, delaySeconds } = replication;
  const source = members.find(({ address, port }) => address === sourceAddress && port === sourcePort)?.name;
  return { source: source ?? `${sourceAddress}:${sourcePort}`, delaySeconds };
}

const unknown = (name: string): DrydockError => new DrydockError('UnknownCluster', `no cluster ${name}: nothing watches it`);
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
