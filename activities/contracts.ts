/**
 * Every activity of drydock on one page: what workflows may ask of the world. Each is idempotent: it reads the state back
 * before it acts, and a second run after a crash at any line ends in the same state. Errors are ApplicationFailures whose
 * `type` is a code of schemas/error-codes.ts and whose details are FailureDetails; they never hold a secret.
 */
import type { Examination } from '../schemas/adoption';
import type { AdoptionFile } from '../schemas/adoption-file';
import type { Announcement } from '../schemas/announcement';
import type { ClusterDefinition } from '../schemas/cluster';
import type { WatchInput, WatchReport } from '../schemas/guard';
import type { ErrantRecord } from '../schemas/errant';
import type { Busy } from '../schemas/hold';
import type { Observation, RouterView } from '../schemas/observation';
import type { ProofReport, SwitchInput, SwitchReport } from '../schemas/pivot';
import type { ObserverReport } from '../schemas/sight';
import type { Subscriber } from '../schemas/subscribers';
import type { Cluster, ClusterState, Member, Router } from '../schemas/topology';
import type {
  AssertionResult,
  ContainerCheck,
  ReadReplay,
  SeedingRecipe,
  TableShape,
  UpgradeExamination,
  UpgradeQuestion,
} from '../schemas/upgrade';
import type { Assertion } from '../schemas/upgrade-plan';

/** activities/operation: what every operation needs. On the queue of the plans, where bulk work can not delay it. */
export interface OperationActivities {
  /** Parsed input with defaults; throws InvalidInput with every problem by its path. */
  validateInput(type: string, input: unknown): Promise<unknown>;
  /**
   * Takes `hold/<target>` for `operation` by update-with-start. A holder that is closed is replaced; one that is `waitedFor` is answered,
   * and nothing was taken. Throws Conflict naming any other.
   */
  acquireHold(target: string, operation: string, waitedFor?: string): Promise<Busy | undefined>;
  releaseHold(target: string, operation: string): Promise<void>;
}

/** activities/docker: containers, volumes and networks. Queue `work`. */
export interface DockerActivities {
  /** What exists of a cluster, from labels; null when nothing does. Throws EngineUnavailable. */
  describeCluster(cluster: string): Promise<Cluster | null>;
  /** Network with an explicit small subnet, generated passwords and certificates. Returns the planned members and routers with addresses. */
  prepareCluster(operation: string, definition: ClusterDefinition): Promise<Cluster>;
  /** Creates (if missing) and starts the container and its volume, and waits until the server answers. */
  createMember(operation: string, definition: ClusterDefinition, member: Member): Promise<void>;
  /** Starts a stopped member's container and waits until its server answers (read-only, not replicating). */
  startMember(member: Member): Promise<void>;
  /** Proves that a member's container is stopped (kills it when `kill`). Returns whether the engine confirmed. */
  stopMember(member: Member, kill: boolean): Promise<{ stopped: boolean }>;
  /** Keeps the volume of a member that is to be rebuilt and gives it an empty new one; the container is stopped. */
  replaceVolume(operation: string, definition: ClusterDefinition, member: Member): Promise<{ kept: string }>;
  /** Name, server id, host, address and port of a member that is to be added, on the host with the fewest members unless told otherwise; makes nothing. */
  placeMember(cluster: Cluster, wish: { host?: string; without?: string }): Promise<Member>;
  /**
   * Writes down how the cluster's plan has changed (`revision` is one more than before). Answers hosts that did not hear of it. Throws ExpectationFailed when somebody else
   * changed it, EngineUnavailable when too few hosts have it.
   */
  recordPlan(operation: string, plan: Cluster): Promise<{ missing: string[] }>;
  /**
   * Stops a member for good: its engine says that it does not run, or (`gone`) its host is not in the inventory any more. Throws ExpectationFailed when it is the
   * primary by its own journal, EngineUnavailable.
   */
  retireMember(state: ClusterState, member: Member): Promise<{ gone: boolean }>;
  /** Removes what is left of a member that was taken out; its volumes only with `deleteData`. Returns what was kept. */
  removeMember(cluster: string, member: Member, deleteData: boolean): Promise<{ removed: string[]; kept: string[] }>;
  /** A server beside the cluster, made by `trial.definition` on the donor's host; it is no member, and `describeCluster` does not know it. */
  createTrial(operation: string, trial: Cluster, donor: string): Promise<Member>;
  /** Its container, address and data. Answers what is gone. */
  removeTrial(cluster: string): Promise<string[]>;
  /** Runs an image of the user that is told where `member` is reached, for at most its time. Heartbeats. Throws ImageMissing. */
  runContainerCheck(
    cluster: Cluster,
    member: Member,
    check: { name: string; image: string; command: string[]; timeoutSeconds: number },
  ): Promise<ContainerCheck>;
  createRouter(operation: string, definition: ClusterDefinition, cluster: Cluster, router: Router): Promise<void>;
  /** Removes containers and network; volumes and passwords only with `deleteData`; with `operation` only what that one made. Returns what was kept. */
  removeCluster(cluster: string, deleteData: boolean, operation?: string): Promise<{ removed: string[]; kept: string[] }>;
}

/** activities/mysql: one server at a time, or a look at all of them. Queue `work`. */
export interface MysqlActivities {
  observeCluster(cluster: Cluster, primary?: string): Promise<Observation>;
  /** Accounts, journal, heartbeat table, plug-ins on a fresh server; the server stays read-only. Not written to its binary log. */
  initialiseMember(cluster: Cluster, member: Member): Promise<void>;
  /** First opening of a new cluster: durability settings read back, journal row of epoch 1, then writable. */
  openFirstPrimary(cluster: Cluster, primary: string, operation: string): Promise<ClusterState>;
  /** Makes `member` replicate from the primary of `state`, or from whom its rule names, and waits until both threads run. Refuses a stale epoch and a diverged member. */
  followPrimary(state: ClusterState, member: string, from?: { file: string; position: number }): Promise<void>;
  /**
   * Copies the data of `donor` (a replica when there is one) into the empty `member` and makes it follow: by dump, or with a `physical` recipe by copying the
   * files of the donor, which is stopped meanwhile. Heartbeats. Throws PrecheckFailed (the donor may not
   * be stopped, or stands on another host), NoAcknowledger.
   */
  seedMember(
    state: ClusterState,
    member: string,
    donor: string,
    recipe?: Pick<SeedingRecipe, 'kind' | 'upgradeTool'>,
  ): Promise<{ bytes: number; seconds: number }>;
  /** Starts a donor that was stopped for a copy and lets it follow again; nothing happens when it does. Compensates `seedMember` with a physical recipe. */
  releaseDonor(state: ClusterState, donor: string): Promise<void>;
  /**
   * A member that is no container: all that it has is kept in a volume, decoded where the primary lacks it, and it is taken off replication; then
   * `seedMember` may overwrite it. Throws PrecheckFailed, which says what a person does instead.
   */
  setAside(operation: string, state: ClusterState, member: string): Promise<{ kept: string }>;
  /** Transactions that `member` has and the primary does not; decoded text is kept in a volume file. Empty errant: safe to rejoin. */
  compareWithPrimary(
    state: ClusterState,
    member: string,
  ): Promise<{ rejoin: 'safe' | 'diverged' | 'rebuild'; reason: string; errant?: string; kept?: string }>;
  /** What the cluster remembers of transactions that a member alone had. */
  listErrant(state: ClusterState): Promise<ErrantRecord[]>;
  /**
   * MySQL: empty transactions on the primary under the names of those that `member` alone has, so that all sets agree; returns how many.
   * Refuses when it has others than `gtids`. Throws PrecheckFailed on MariaDB.
   */
  acceptErrant(state: ClusterState, member: string, gtids: string, decided: string): Promise<number>;
  /** Deletes what was kept of them: the volume set aside, or the decoded text alone. Returns what is gone. */
  forgetErrant(state: ClusterState, record: ErrantRecord, decided: string): Promise<string>;
  /** Puts every setting of design.md section 6 rule 1 in place for the member's role and reads them back. */
  applyRole(state: ClusterState, member: string): Promise<void>;
  /** Chunked checksums of all tables on all reachable members at one position, throttled. Heartbeats. */
  proveEquality(state: ClusterState, members: string[]): Promise<ProofReport>;
  /** What the data and the settings of a member are like, for an upgrade; changes nothing. Throws MemberUnreachable. */
  examineUpgrade(cluster: Cluster, member: string, question: UpgradeQuestion): Promise<UpgradeExamination>;
  /**
   * Executes statements on a replica alone, outside of its binary log; `conversions` lets it apply rows of narrower types. Throws PrecheckFailed with what the
   * server says.
   */
  changeSchema(state: ClusterState, member: string, statements: string[], conversions: boolean): Promise<void>;
  /** Tables as they are on a member; those that are not there are left out. */
  readShapes(cluster: Cluster, member: string, tables: string[]): Promise<TableShape[]>;
  /** Asks a member what a user expects of its data. Throws MemberUnreachable. */
  checkAssertions(cluster: Cluster, member: string, assertions: Assertion[]): Promise<AssertionResult[]>;
  /**
   * Runs reads that applications sent to the old members `from` again, on one of them (a replica when there is one) and on `member`, at one position, and compares results and
   * times. `seconds`: how long reads are looked for where the version keeps none. Heartbeats. Throws StaleEpoch, MemberUnreachable.
   */
  replayReads(state: ClusterState, member: string, from: string[], seconds: number): Promise<ReadReplay>;
}

/** activities/adoption: clusters that others made. Queue `work`. */
export interface AdoptionActivities {
  /** Looks at every member as the administrator, and changes nothing. Throws SecretMissing, InvalidInput (the password's file). */
  examineMembers(file: AdoptionFile, members: Pick<Member, 'name' | 'address' | 'port'>[]): Promise<Examination>;
  /** Schema and accounts of drydock, made on the primary; ends when every member has them. */
  makeOwnAccounts(cluster: Cluster, primary: string): Promise<void>;
  /** Drops them, but what is in `keep` (`drydock_op@%`, `drydock`) and what members replicate with. */
  dropOwnAccounts(cluster: Cluster, primary: string, keep: string[]): Promise<{ dropped: string[]; kept: string[] }>;
  /** Networks, addresses and certificates of drydock's routers. Answers the cluster with them. */
  prepareRouters(operation: string, cluster: Cluster): Promise<Cluster>;
  /** The journal says who takes writes now. Throws ExpectationFailed. */
  openAdopted(cluster: Cluster, primary: string, operation: string): Promise<ClusterState>;
  /** `applyRole`, and for a primary with semi-sync proof that receipts come. Throws NoAcknowledger. */
  settleMember(state: ClusterState, member: string): Promise<void>;
  restoreSettings(cluster: Cluster, member: string, settings: Record<string, string>): Promise<void>;
  /** Writes down what exists, for `describeCluster`. */
  recordAdoption(cluster: Cluster): Promise<void>;
  forgetAdoption(cluster: string): Promise<void>;
}

/** activities/router. Queue `work`. */
export interface RouterActivities {
  /**
   * Tells routers the epoch, the primary and who may be read from, and releases them; with `keepHold` one that holds goes on holding
   * (a switch is under way). Refuses a router that knows a later epoch.
   */
  tellRouters(
    state: ClusterState,
    readers: string[],
    routers?: string[],
    keepHold?: boolean,
  ): Promise<{ confirmed: string[]; missing: string[] }>;
  viewRouters(cluster: Cluster): Promise<RouterView[]>;
}

/** activities/switch. Queue `switch`: heartbeat time-out 2 s, takes no controls. */
export interface SwitchActivities {
  switchPrimary(input: SwitchInput): Promise<SwitchReport>;
  /** After a switch that was aborted or never answered: whoever is primary by the journal serves again, replicas and routers with it. Throws StaleEpoch, MemberUnreachable. */
  standDown(state: ClusterState, operation: string, members: string[]): Promise<{ epoch: number; primary: string }>;
}

/** activities/guard. Queue `guard`. */
export interface GuardActivities {
  /** Watches until the findings change, `maxSeconds` passed, or the worker shuts down (then returns `shutdown` at once). */
  watchCluster(input: WatchInput): Promise<WatchReport>;
  /** What this observer itself sees of the primary, within 2 s. On the queue of the observer that is asked (`observerQueue`). */
  observePrimary(state: ClusterState): Promise<ObserverReport>;
  /** Opens the journal's primary again after a restart; refuses a stale epoch, a rival, and a minority. Queue `work`. */
  reopenPrimary(state: ClusterState, operation: string): Promise<void>;
}

/** activities/announce: who wants to know of a change of primary. */
export interface AnnounceActivities {
  /** Every secret that the subscribers name is there. Throws SecretMissing with every problem by its path. Queue of the plans. */
  checkSubscribers(definition: ClusterDefinition): Promise<void>;
  /** Hands a change to `announce/<cluster>`, which is started when it does not run. Nothing happens without subscribers. Queue of the plans. */
  tellSubscribers(state: ClusterState, event: Announcement['event'], operation?: string): Promise<void>;
  /** One attempt; `superseded` when a key store knows a later change already. Throws NotDelivered. Queue `work`. */
  deliverAnnouncement(subscriber: Subscriber, announcement: Announcement): Promise<'confirmed' | 'superseded'>;
}

export type Activities = AnnounceActivities &
  OperationActivities &
  DockerActivities &
  AdoptionActivities &
  MysqlActivities &
  RouterActivities &
  SwitchActivities &
  GuardActivities;
