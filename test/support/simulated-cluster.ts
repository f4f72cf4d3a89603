import { setTimeout as sleep } from 'node:timers/promises';

import { Context } from '@temporalio/activity';

import type { Activities, AnnounceActivities, OperationActivities } from '../../activities/contracts';
import { failure } from '../../activities/failure';
import type { ErrantRecord } from '../../schemas/errant';
import type { Examination } from '../../schemas/adoption';
import type { AdoptionFile } from '../../schemas/adoption-file';
import type { Observation } from '../../schemas/observation';
import type { ProofReport, SwitchInput, SwitchReport } from '../../schemas/pivot';
import type { Cluster, ClusterState, Member } from '../../schemas/topology';
import { trialName, type UpgradeExamination } from '../../schemas/upgrade';
import { primaryView, replicaView, state as stateOf } from '../unit/pivot/builders';

type Cast = Omit<Activities, keyof OperationActivities | keyof AnnounceActivities>;
type Override = { [Name in keyof Cast]?: (...args: Parameters<Cast[Name]>) => ReturnType<Cast[Name]> };

/**
 * Activities that answer as a healthy cluster would, without any server: for tests and recordings of workflows alone. What should go
 * wrong is given by `override`, one entry per activity.
 */
export class SimulatedCluster {
  state: ClusterState;
  exists = true;
  override: Override = {};
  /** What befalls the next call of an activity, once. `hangs`: it gives no sign of life until something else is called. */
  readonly faults = new Map<keyof Cast, 'fails before' | 'fails after' | 'hangs'>();
  /** Ends a call that hangs; the next call of any activity does. */
  private wakeUp: () => void = () => undefined;
  /** Called when an activity begins. */
  onBegin: (activity: keyof Cast) => void = () => undefined;
  /** Names of the activities in the order of their calls. */
  readonly calls: string[] = [];

  constructor(name: string) {
    this.state = stateOf({ name });
  }

  observation(members = this.state.members): Observation {
    const { primary, epoch } = this.state;
    const source = members.find(({ name }) => name === primary);
    const journal = { epoch, primary };
    return {
      at: new Date().toISOString(),
      members: members.map(({ name }) =>
        name === primary
          ? primaryView(name, 100, { journal })
          : replicaView(name, 100, { journal, replication: { sourceAddress: source?.address ?? '' } }),
      ),
      routers: [],
    };
  }

  errantRecords: ErrantRecord[] = [];
  /** A cluster that others made, as drydock wants it: the first member is the primary. */
  seenWhenAdopted(_file: AdoptionFile, places: Parameters<Cast['examineMembers']>[1]): Promise<Examination> {
    const [primary] = places;
    const source = { sourceAddress: primary?.address ?? '', sourcePort: primary?.port ?? 0 };
    return Promise.resolve({
      passwordsKnown: false,
      missingPrograms: [],
      members: places.map(({ name, address, port }, index) => ({
        name,
        address,
        port,
        view:
          index === 0
            ? primaryView(name, 100, { serverId: 1, journal: undefined })
            : replicaView(name, 100, { serverId: index + 1, journal: undefined, replication: source }),
        engine: 'mysql',
        version: '8.0.33',
        settings: { event_scheduler: index === 0 ? 'ON' : 'OFF' },
        logBin: true,
        binlogFilters: '',
        gtidMode: 'ON',
        enforceGtidConsistency: 'ON',
        startsReadOnly: true,
        startsDetached: true,
        semiSyncLoaded: true,
        enabledEvents: 0,
        sleepingEvents: 0,
        ownAccounts: [],
        ownSchema: false,
        temporalSchemas: [],
        otherTables: 0,
        administratorLacks: [],
      })),
    });
  }

  private cluster(): Cluster {
    const { definition, created, members, routers, adoption, revision, removed, upgrade } = this.state;
    return { definition, created, members, routers, adoption, revision, removed, upgrade };
  }

  switched(input: SwitchInput): SwitchReport {
    this.state = { ...this.state, epoch: input.plan.nextEpoch, primary: input.plan.to };
    return report(input, { outcome: 'switched', fence: input.unplanned ? 'cannot-acknowledge' : 'read-only' });
  }

  private readonly healthy: Cast = {
    observePrimary: () => Promise.resolve({ observer: 'simulated', says: 'lost', detail: 'simulated' }),
    describeCluster: () => Promise.resolve(this.exists ? this.cluster() : null),
    prepareCluster: (_operation, definition) => {
      this.state = { ...this.state, definition };
      return Promise.resolve(this.cluster());
    },
    createMember: () => {
      this.exists = true;
      return Promise.resolve();
    },
    startMember: () => Promise.resolve(),
    stopMember: () => Promise.resolve({ stopped: true }),
    replaceVolume: () => Promise.resolve({ kept: 'volume' }),
    placeMember: (cluster) => {
      const [first] = cluster.members;
      if (!first) throw new Error('a cluster without members');
      const number = cluster.members.length + 1;
      return Promise.resolve({ ...first, name: `db-${number}`, serverId: number, address: `10.213.0.${9 + number}` });
    },
    recordPlan: (_operation, plan) => {
      const { epoch, primary } = this.state;
      this.state = { ...plan, epoch, primary };
      return Promise.resolve({ missing: [] });
    },
    retireMember: () => Promise.resolve({ gone: false }),
    removeMember: (_cluster, member) => Promise.resolve({ removed: [`container ${member.name}`], kept: [`volume ${member.name}.1`] }),
    createRouter: () => Promise.resolve(),
    removeCluster: () => {
      this.exists = false;
      return Promise.resolve({ removed: ['container db-1'], kept: ['volume db-1'] });
    },
    examineMembers: (file, members) => this.seenWhenAdopted(file, members),
    makeOwnAccounts: () => Promise.resolve(),
    dropOwnAccounts: () => Promise.resolve({ dropped: ['account drydock_op@%'], kept: [] }),
    prepareRouters: (_operation, cluster) => {
      const place = { host: '127.0.0.1', port: 20000 };
      const router = {
        name: 'router-1',
        host: 'local',
        container: 'router-1',
        address: '10.213.0.2',
        adminPort: 3308,
        write: place,
        read: place,
      };
      return Promise.resolve({ ...cluster, routers: [router] });
    },
    openAdopted: (cluster, primary) => {
      this.state = { ...cluster, epoch: 1, primary };
      return Promise.resolve(this.state);
    },
    settleMember: () => Promise.resolve(),
    restoreSettings: () => Promise.resolve(),
    recordAdoption: () => {
      this.exists = true;
      return Promise.resolve();
    },
    forgetAdoption: () => {
      this.exists = false;
      return Promise.resolve();
    },
    observeCluster: ({ members }) => Promise.resolve(this.observation(members)),
    initialiseMember: () => Promise.resolve(),
    openFirstPrimary: (_cluster, primary) => {
      this.state = { ...this.state, epoch: 1, primary };
      return Promise.resolve(this.state);
    },
    followPrimary: () => Promise.resolve(),
    setAside: () => Promise.resolve({ kept: 'db-3.aside' }),
    seedMember: () => Promise.resolve({ bytes: 1, seconds: 1 }),
    releaseDonor: () => Promise.resolve(),
    compareWithPrimary: () => Promise.resolve({ rejoin: 'safe', reason: 'nothing that the primary lacks' }),
    applyRole: () => Promise.resolve(),
    listErrant: () => Promise.resolve(this.errantRecords),
    acceptErrant: () => Promise.resolve(1),
    forgetErrant: () => Promise.resolve('volume db-3.1'),
    proveEquality: () => Promise.resolve(equal),
    examineUpgrade: (_cluster, member) => Promise.resolve({ ...examined, member }),
    createTrial: (_operation, { definition, members }) =>
      Promise.resolve({ ...(members[0] as Member), name: trialName(definition.name), serverId: 99 }),
    removeTrial: (cluster) => Promise.resolve([`container ${trialName(cluster)}`]),
    changeSchema: () => Promise.resolve(),
    readShapes: () => Promise.resolve([]),
    checkAssertions: (_cluster, _member, assertions) =>
      Promise.resolve(assertions.map(({ sql }) => ({ name: sql, holds: true, found: '[["1"]]' }))),
    replayReads: () =>
      Promise.resolve({
        source: 'performance_schema',
        statements: 1,
        compared: 1,
        timed: 1,
        skipped: [],
        differing: [],
        slower: [],
        oldMs: 1,
        newMs: 1,
      }),
    runContainerCheck: (_cluster, _member, { name }) => Promise.resolve({ name, passed: true, exitCode: 0, seconds: 1, output: '' }),
    tellRouters: () => Promise.resolve({ confirmed: ['router-1'], missing: [] }),
    viewRouters: () => Promise.resolve([]),
    switchPrimary: (input) => Promise.resolve(this.switched(input)),
    standDown: ({ epoch, primary }) => Promise.resolve({ epoch, primary }),
    watchCluster: async () => {
      const { cancellationSignal } = Context.current();
      for (const end = Date.now() + 1000; Date.now() < end && !cancellationSignal.aborted; await sleep(50)) Context.current().heartbeat();
      return { kind: 'tick', findings: [], observation: this.observation(), firstSignAt: '' };
    },
    reopenPrimary: () => Promise.resolve(),
  };

  /** The activities, each of which may be overridden at any time. */
  get activities(): Cast {
    return Object.fromEntries(
      (Object.keys(this.healthy) as (keyof Cast)[]).map((name) => [
        name,
        async (...args: never[]) => {
          this.calls.push(name);
          this.onBegin(name);
          const fault = this.faults.get(name);
          this.faults.delete(name);
          if (fault === 'fails before') throw new Error(`injected before ${name}`);
          this.wakeUp();
          if (fault === 'hangs') await new Promise<void>((resolve) => (this.wakeUp = resolve));
          const answer = (this.override[name] ?? this.healthy[name]) as (...given: never[]) => Promise<unknown>;
          const result = await answer(...args);
          if (fault === 'fails after') throw new Error(`injected after ${name}`);
          return result;
        },
      ]),
    ) as unknown as Cast;
  }
}

const nothing = { items: [], more: 0 };

/** What an upgrade is told of a cluster against which nothing speaks. */
const examined: UpgradeExamination = {
  member: '',
  version: '8.0.33',
  tables: 1,
  rows: 10,
  bytes: 100,
  notInnodb: nothing,
  withoutKey: nothing,
  oldTemporal: nothing,
  zeroDates: nothing,
  searchedInPart: nothing,
  collations: [],
  types: [],
  names: nothing,
  shapes: [],
  accounts: nothing,
  sqlModes: [],
  variables: { binlog_format: 'ROW', gtid_mode: 'ON' },
  disks: [],
};

export const equal: ProofReport = { equal: true, tables: 1, rows: 10, bytes: 100, chunks: 1, differences: [], unchecked: [], seconds: 1 };

export function report(input: SwitchInput, more: Partial<SwitchReport>): SwitchReport {
  const { plan } = input;
  const moved = more.outcome === 'switched';
  return {
    outcome: 'switched',
    epoch: moved ? plan.nextEpoch : plan.epoch,
    primary: moved ? plan.to : plan.from,
    steps: [],
    heldMs: 12,
    cutTransactions: 0,
    lostOld: false,
    warnings: [],
    repointed: moved ? plan.acknowledgers.slice(0, 1) : [],
    routersConfirmed: moved ? ['router-1'] : [],
    routersMissing: [],
    ...more,
  };
}

export const refuses = (code: Parameters<typeof failure>[0]) => (): Promise<never> =>
  Promise.reject(failure(code, `simulated ${code}`, [{ path: 'member db-2', message: 'simulated' }], false));
