/** Shapes of the upgrade: its steps, what is examined, what is found, the plan. Plain types. */
import type { Problem } from './error-codes';
import type { ProofReport } from './pivot';

/** The named steps, in the order in which they always come. */
export const upgradeSteps = [
  'preflight',
  'build-members',
  'change-schema',
  'catch-up',
  'verify',
  'canary',
  'cut-over',
  'keep-way-back',
  'remove-old',
] as const;
export type UpgradeStepName = (typeof upgradeSteps)[number];

/** Steps that a user puts between them. */
export const ownSteps = ['sql', 'container', 'approve'] as const;

/** Without these an upgrade is still safe; the others can't be left out. */
export const skippableSteps: readonly UpgradeStepName[] = ['canary', 'keep-way-back'];

/** Parameters of each named step when the plan file says nothing else. */
export const stepDefaults = {
  preflight: { accept: [] },
  'build-members': { parallel: 1 },
  'change-schema': {},
  'catch-up': { maxLagSeconds: 1, timeoutSeconds: 86_400 },
  verify: { checksums: true, rowCounts: true, schema: true, assertions: [] },
  canary: { share: 0.1, seconds: 600, maxErrorRate: 0.01, maxSlowdown: 2 },
  'cut-over': {},
  'keep-way-back': { windowSeconds: 86_400, rollbackWhen: { assertions: [] } },
  'remove-old': { approve: false, keepVolumes: true },
} as const;

/** Engine and series, `mysql` and `5.6`. */
export interface Series {
  engine: 'mysql' | 'mariadb';
  series: string;
}

/** Where an upgrade goes: undefined fields stay as they are. */
export interface Target extends Series {
  image?: string;
}

/** How a new member gets its data. */
export interface SeedingRecipe {
  /** `physical`: the files of a replica that was stopped in order. `logical`: a dump that is read into an empty server. */
  kind: 'physical' | 'logical';
  /** Run on the new member afterwards. */
  upgradeTool?: 'mysql_upgrade' | 'mariadb-upgrade';
  reason: string;
  /** Measured, the slower end: seconds for each MB of data until it has caught up. */
  secondsPerMb: number;
}

export interface WayBack {
  /** `live`: the old primary replicates from the new one, and a rollback loses nothing. `lossy`: it stands where the cut-over left it. */
  kind: 'live' | 'lossy';
  reason: string;
  /** Settings of the new members without which it is not live. */
  settings: Record<string, string>;
  /** What breaks it when it comes up within the window. */
  brokenBy: string[];
}

/** What is known of replication between two series. Everything here was seen on these servers. */
export interface VersionPair {
  from: Series;
  to: Series;
  /** How the new members find their place. */
  places: 'gtid' | 'file';
  /** Settings of the new members without which they can't follow at all. */
  settings: Record<string, string>;
  /** The fastest safe one first. */
  seeding: SeedingRecipe[];
  /** By the kind of the seed. */
  wayBack: Partial<Record<SeedingRecipe['kind'], WayBack>>;
  /** Parts of it that follow from measurements of others, and were not seen themselves. */
  unseen: string[];
}

/** A list that is cut where it grows beyond what a person reads; `more` were left out. */
export interface Listed<Item> {
  items: Item[];
  more: number;
}

/** What the examination is asked for beyond what it always reads. */
export interface UpgradeQuestion {
  /** Lower case; names of columns, tables and routines that equal one are told. */
  words: string[];
  /** `schema.table`: the shape of these is told in full. */
  tables: string[];
}

export interface ColumnShape {
  name: string;
  /** As the server writes it: `int(10) unsigned`. */
  type: string;
  nullable: boolean;
  /** Of text columns. */
  charset: string | null;
  collation: string | null;
}

export interface TableShape {
  table: string;
  engine: string;
  /** What a column gets that names none. */
  charset: string;
  columns: ColumnShape[];
  indexes: string[];
}

/** Place of a column: `table` is `schema.table`. */
export interface ColumnPlace {
  table: string;
  column: string;
}

/** What the data and the settings of a cluster are like, as one of its members tells. */
export interface UpgradeExamination {
  member: string;
  /** `5.5.34` */
  version: string;
  tables: number;
  rows: number;
  /** Data and indexes, as the server estimates them. */
  bytes: number;
  /** Tables of other engines: no snapshot covers them, and a crash may damage them. */
  notInnodb: Listed<{ table: string; engine: string; partitioned: boolean }>;
  /** InnoDB tables without a unique key whose columns are never null. */
  withoutKey: Listed<{ table: string; rows: number }>;
  /** Columns with a time of day in the format of 5.5. */
  oldTemporal: Listed<ColumnPlace & { type: string }>;
  zeroDates: Listed<ColumnPlace & { found: 'default' | 'data' }>;
  /** Tables of which only the first rows were searched for zero dates. */
  searchedInPart: Listed<{ table: string; rows: number }>;
  /** Every collation in use. */
  collations: { collation: string; columns: number; example: string }[];
  /** Data types in use, lower case. */
  types: { type: string; columns: number; example: string }[];
  /** Names that equal one of the words that were asked for. */
  names: Listed<{ kind: 'schema' | 'table' | 'column' | 'routine' | 'index'; name: string; word: string }>;
  shapes: TableShape[];
  /** Accounts of people with the plug-in that checks their password; `old-password` is the short hash of before 4.1. */
  accounts: Listed<{ account: string; plugin: string }>;
  /** Of the server, and of each routine, trigger and event that was made under another one. */
  sqlModes: { place: string; modes: string[] }[];
  /** Settings by their names, those that checks look at. */
  variables: Record<string, string>;
  /** Free and whole size of the file system that holds a member's data; members that were not asked are left out. */
  disks: { member: string; host: string; freeBytes: number; totalBytes: number }[];
}

/**
 * - `refused`: the upgrade does not begin before it is mended.
 * - `accepted`: it would refuse, and the plan takes it on.
 * - `named`: it is worth knowing.
 */
export type FindingVerdict = 'refused' | 'accepted' | 'named';

export interface UpgradeFinding extends Problem {
  /** Name of the check, `MissingPrimaryKey`. */
  check: string;
  verdict: FindingVerdict;
  remedy: string;
  /** A plan may take it on with `accept`. */
  acceptable: boolean;
}

export interface PlannedStep {
  name: string;
  step: UpgradeStepName | (typeof ownSteps)[number];
  /** Why it is not done. */
  skipped?: string;
  /** One line for people. */
  what: string;
  /** Undefined where nothing is known of it. */
  seconds?: number;
  /** What a rollback does while it is at work, and just after it. */
  rollback: string;
}

/** What a dry run answers. */
export interface UpgradePlan {
  cluster: string;
  epoch: number;
  primary: string;
  from: string;
  to: string;
  target: Target;
  /** Nothing refuses it. */
  fit: boolean;
  findings: UpgradeFinding[];
  newMembers: { name: string; host: string; donor: string }[];
  seeding?: SeedingRecipe;
  wayBack?: WayBack;
  /** Of the new members, beside those of the cluster. */
  settings: Record<string, string>;
  steps: PlannedStep[];
  /** Seconds of all steps that something is known of, until the cut-over; what is not in it. */
  estimate: { seconds: number; without: string[] };
}

export interface UpgradePreview {
  plan: UpgradePlan;
}

/** The server that a rehearsal builds beside the cluster. */
export const trialName = (cluster: string): string => `${cluster}-trial`;

export interface AssertionResult {
  name: string;
  holds: boolean;
  /** Rows as JSON, cut. */
  found: string;
}

/** Reads of applications that were run again on an old server and on one of the new version. */
export interface ReadReplay {
  /** Where they were seen. */
  source: 'performance_schema' | 'process list';
  /** Kinds of statements that were seen. */
  statements: number;
  /** Results compared, of those timed. */
  compared: number;
  timed: number;
  skipped: { reason: string; count: number }[];
  /** Statements are told without their literals. */
  differing: { digest: string; reason: string }[];
  slower: { digest: string; oldMs: number; newMs: number }[];
  /** Of all that were timed together. */
  oldMs: number;
  newMs: number;
}

/** What an image of the user said of a new member. */
export interface ContainerCheck {
  name: string;
  passed: boolean;
  /** Null when it did not end in time. */
  exitCode: number | null;
  seconds: number;
  /** The end of what it wrote. */
  output: string;
}

/** What a rehearsal answers: everything on one server of the new version was as it should be. */
export interface UpgradeRehearsal extends UpgradePreview {
  rehearsal: {
    server: string;
    donor: string;
    seeded: { bytes: number; seconds: number };
    caughtUpSeconds: number;
    proof: ProofReport;
    assertions: AssertionResult[];
    reads?: ReadReplay;
    checks?: ContainerCheck[];
  };
}

/** A new member, with whose data were copied. */
export interface BuiltMember {
  name: string;
  host: string;
  donor: string;
  bytes: number;
  seconds: number;
}

export interface Verified {
  /** Of all new members; undefined when the plan asks for no checksums. */
  proof?: ProofReport;
  assertions: (AssertionResult & { member: string })[];
}

/** A change of generation, by what the journal says afterwards. */
export interface CutOver {
  at: string;
  from: string;
  to: string;
  epoch: number;
  /** Milliseconds during which routers held new connections. */
  heldMs: number;
  cutTransactions: number;
  /** Operation that compares all members afterwards, the old ones too. */
  proof?: string;
}

/** What was done, in the result and as Markdown (`npx drydock op show ID --report`). */
export interface UpgradeReport {
  cluster: string;
  from: string;
  to: string;
  outcome: 'upgraded' | 'rolled-back';
  generation: number;
  built: BuiltMember[];
  verified: Verified;
  cutOver: CutOver;
  /** Old members that followed backwards after the cut-over, and why others did not. */
  wayBack?: { live: string[]; broken: string[]; windowSeconds: number; endedBy: 'person' | 'time' };
  rolledBack?: CutOver;
  /** Volumes of members that were removed. */
  kept: string[];
}

/** What an upgrade that was carried out answers. */
export interface UpgradeResult extends UpgradePreview {
  report: UpgradeReport;
}
