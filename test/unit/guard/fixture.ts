import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Facts, Finding, GuardAction, GuardMemory } from '../../../schemas/guard';
import type { MemberView, Observation, ReplicationView, RouterView } from '../../../schemas/observation';
import type { ClusterState, Member } from '../../../schemas/topology';
import type { Moment } from '../../../workflows/guard/act';

/** A state as differences from a healthy cluster (db-1 primary, db-2 and db-3 replicas, semi-sync, router r-1, epoch 4). */
export interface Fixture {
  /** File name without its ending. */
  name: string;
  why: string;
  /** Number of replicas, 2 when not given. */
  replicas?: number;
  definition?: Record<string, unknown>;
  /** By member: fields that differ; `replication` is merged with the healthy one, null removes it. */
  members?: Record<string, Partial<Omit<MemberView, 'replication'>> & { replication?: Partial<ReplicationView> | null }>;
  routers?: Record<string, Partial<RouterView>>;
  readers?: string[];
  facts?: Partial<Facts>;
  memory?: Partial<GuardMemory>;
  moment?: Partial<Moment>;
  expect: { findings: string[]; actions: string[] };
}

export const now = '2026-11-05T12:00:00.000Z';
const folder = join(__dirname, 'fixtures');

export const fixtures = (): Fixture[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Fixture), name: file.replace(/\.json$/, '') }));

export function stateOf(replicas = 2, definition: Record<string, unknown> = {}): ClusterState {
  const members: Member[] = Array.from({ length: replicas + 1 }, (_, index) => ({
    name: `db-${index + 1}`,
    serverId: index + 1,
    host: 'local',
    address: `10.213.0.${index + 2}`,
    port: 3306,
    container: `shop-db-${index + 1}`,
    volume: `shop-db-${index + 1}`,
  }));
  return {
    definition: {
      name: 'shop',
      engine: 'mysql',
      version: '8.0',
      replicas,
      durability: 'semi-sync',
      hosts: ['local'],
      resources: {},
      candidates: { prefer: [], never: [], preferHosts: [], neverHosts: [] },
      routers: 1,
      ports: {},
      readFallback: 'primary',
      maxReadLagSeconds: 10,
      transactionBoundMs: 500,
      acceptSplitBrain: false,
      subscribers: [],
      settings: {},
      ...definition,
    },
    members,
    routers: [
      {
        name: 'r-1',
        host: 'local',
        container: 'shop-r-1',
        address: '10.213.0.20',
        adminPort: 9000,
        write: { host: '127.0.0.1', port: 4406 },
        read: { host: '127.0.0.1', port: 4407 },
      },
    ],
    epoch: 4,
    primary: 'db-1',
  };
}

export const healthyReplication = (state: ClusterState): ReplicationView => ({
  sourceAddress: state.members[0]?.address ?? '',
  sourcePort: 3306,
  receiver: 'running',
  applier: 'running',
  received: { gtid: 'aaaaaaaa-0000-0000-0000-000000000001:1-100' },
  applied: { gtid: 'aaaaaaaa-0000-0000-0000-000000000001:1-100' },
  drained: true,
  lagSeconds: 0,
  delaySeconds: 0,
  filtered: false,
  mayHaveGaps: false,
});

function healthyMember(state: ClusterState, member: Member): MemberView {
  const primary = member.name === state.primary;
  return {
    name: member.name,
    reach: 'answers',
    container: 'running',
    serverId: member.serverId,
    version: '8.0.33',
    readOnly: !primary,
    superReadOnly: !primary,
    executed: { gtid: 'aaaaaaaa-0000-0000-0000-000000000001:1-100' },
    journal: { epoch: state.epoch, primary: state.primary },
    ...(primary ? {} : { replication: healthyReplication(state) }),
    semiSync: {
      available: true,
      sourceEnabled: primary,
      replicaEnabled: !primary,
      clients: primary ? state.members.length - 1 : 0,
      required: 1,
      waitPoint: 'AFTER_SYNC',
      timeoutMs: 1e9,
      waitNoReplica: true,
      unacknowledged: 0,
      waiting: 0,
    },
  };
}

export interface Loaded {
  state: ClusterState;
  observation: Observation;
  facts: Facts;
  moment: (findings: Finding[]) => Moment;
}

export function load(fixture: Omit<Fixture, 'name' | 'why' | 'expect'>): Loaded {
  const state = stateOf(fixture.replicas, fixture.definition);
  const replicas = state.members.slice(1).map(({ name }) => name);
  const members = state.members.map((member): MemberView => {
    const view = healthyMember(state, member);
    const { replication, ...rest } = fixture.members?.[member.name] ?? {};
    const merged: MemberView = { ...view, ...rest };
    if (replication === null) delete merged.replication;
    else if (replication) merged.replication = { ...healthyReplication(state), ...replication };
    return merged;
  });
  const routers = state.routers.map((router): RouterView => ({
    name: router.name,
    reachable: true,
    epoch: state.epoch,
    primary: { address: state.members[0]?.address ?? '', port: 3306 },
    held: false,
    open: true,
    sessions: 8,
    readers: fixture.readers ?? replicas,
    ...fixture.routers?.[router.name],
  }));
  const observation: Observation = { at: now, members, routers };
  const facts: Facts = {
    primarySilentMs: 0,
    heartbeat: { blockedMs: 0 },
    unheardMs: Object.fromEntries(replicas.map((name) => [name, 100])),
    lagMs: Object.fromEntries(replicas.map((name) => [name, 40])),
    primaryRestarted: false,
    fencingExpected: false,
    ...fixture.facts,
  };
  const moment = (findings: Finding[]): Moment => ({
    memory: { state, findings, pivots: [], attempts: {}, readers: replicas, ...fixture.memory },
    observation,
    config: { maxPivots: 2, flapWindowSeconds: 600 },
    now,
    pivoting: false,
    healing: [],
    ...fixture.moment,
  });
  return { state, observation, facts, moment };
}

export const findingText = ({ diagnosis, member, restarted }: Finding): string =>
  `${diagnosis}${member ? `:${member}` : ''}${restarted ? ' restarted' : ''}`;

export function actionText(action: GuardAction): string {
  switch (action.kind) {
    case 'pivot':
      return action.unplanned ? 'pivot unplanned' : 'pivot';
    case 'set-readers':
      return `set-readers:${action.readers.join(',')}`;
    case 'tell-router':
      return `tell-router:${action.router}`;
    case 'hold-for-person':
      return 'hold-for-person';
    default:
      return `${action.kind}:${action.member}`;
  }
}
