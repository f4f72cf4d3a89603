import { clusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import type { MemberView, Observation, ReplicationView } from '../../../schemas/observation';
import type { ClusterState } from '../../../schemas/topology';

/** Server uuid of the primary in these tests. */
export const SOURCE = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
export const gtid = (last: number): string => (last === 0 ? '' : `${SOURCE}:1-${last}`);

export function state(file: Partial<ClusterFile> = {}, names = ['db-1', 'db-2', 'db-3']): ClusterState {
  return {
    definition: clusterDefinition.parse({ name: 'db', engine: 'mysql', version: '8.0', replicas: names.length - 1, ...file }),
    members: names.map((name, index) => ({
      name,
      serverId: index + 1,
      host: 'local',
      address: `10.213.0.${10 + index}`,
      port: 3306,
      container: name,
      volume: name,
    })),
    routers: [],
    epoch: 4,
    primary: names[0] ?? 'db-1',
  };
}

export function primaryView(name = 'db-1', last = 100, more: Partial<MemberView> = {}): MemberView {
  return {
    name,
    reach: 'answers',
    container: 'running',
    readOnly: false,
    executed: { gtid: gtid(last) },
    settings: settings(),
    semiSync: semiSync(true),
    journal: { epoch: 4, primary: name },
    longWork: [],
    blockers: [],
    privilegedApplications: [],
    ...more,
  };
}

export function replicaView(
  name: string,
  received = 100,
  more: Omit<Partial<MemberView>, 'replication'> & { replication?: Partial<ReplicationView> } = {},
): MemberView {
  const { replication, ...rest } = more;
  return {
    name,
    reach: 'answers',
    container: 'running',
    readOnly: true,
    executed: { gtid: gtid(received) },
    settings: settings(),
    semiSync: semiSync(false),
    journal: { epoch: 4, primary: 'db-1' },
    privilegedApplications: [],
    replication: {
      sourceAddress: '10.213.0.10',
      sourcePort: 3306,
      receiver: 'running',
      applier: 'running',
      received: { gtid: gtid(received) },
      applied: { gtid: gtid(received) },
      drained: true,
      lagSeconds: 0,
      delaySeconds: 0,
      filtered: false,
      mayHaveGaps: false,
      ...replication,
    },
    ...rest,
  };
}

const settings = (): MemberView['settings'] => ({
  syncBinlog: 1,
  flushLogAtCommit: 1,
  syncRelayLog: 1,
  relayLogRecovery: false,
  logReplicaUpdates: true,
  binlogFormat: 'ROW',
  eventScheduler: false,
});

const semiSync = (source: boolean): MemberView['semiSync'] => ({
  available: true,
  sourceEnabled: source,
  replicaEnabled: !source,
  clients: source ? 2 : 0,
  required: 1,
  waitPoint: 'AFTER_SYNC',
  timeoutMs: 4294967295,
  waitNoReplica: true,
  unacknowledged: 0,
  waiting: 0,
});

export const seen = (...members: MemberView[]): Observation => ({ at: '2026-11-24T00:00:00.000Z', members, routers: [] });
