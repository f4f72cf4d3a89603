/** Whether the cluster itself is fit: its members, its binary logs, its disks, what runs on it. */
import { isBystander } from '../../../schemas/member-rules';
import { stepOf } from '../steps';
import { acceptable, named, type PreflightCheck, refused } from './context';

const gib = 2 ** 30;
/** Members have the addresses from 10 to 30 of their network. */
const mostMembers = 21;
/** A disk that is filled further makes servers wait. */
const keptFree = 0.1;
/** New members are not read from, so that logs and temporary files come on top of the data. */
const copiesNeed = 1.3;

export const adopted: PreflightCheck = ({ state }) =>
  state.adoption
    ? [
        refused(
          'AdoptedCluster',
          '',
          'its members are no containers of drydock, which builds the new ones',
          'upgrade it as before; or build a cluster of drydock from a dump',
        ),
      ]
    : [];

/** A third generation would be known to nobody. */
export const generations: PreflightCheck = ({ state }) =>
  state.upgrade
    ? [
        refused(
          'UpgradeUnderWay',
          'members',
          `${state.upgrade.operation} keeps two generations of its members`,
          'end that upgrade first (`npx drydock op show`); of one that was terminated take the members of one generation out (`npx drydock cluster member remove`)',
        ),
      ]
    : [];

export const memberRules: PreflightCheck = ({ state }) =>
  state.members
    .filter(({ name }) => isBystander(state.definition, name))
    .map(({ name }) =>
      acceptable(
        'MemberRule',
        `members.${name}`,
        'it is delayed, or follows another member by its rule: no new member takes its place',
        'accept, and give the rule to a new member afterwards',
      ),
    );

export const health: PreflightCheck = ({ state, observation }) =>
  state.members.flatMap(({ name }) => {
    const view = observation.members.find((each) => each.name === name);
    const trouble = troubleOf(view, name === state.primary);
    return trouble === undefined
      ? []
      : [refused('MemberNotFit', `members.${name}`, trouble, 'see `npx drydock cluster show`; the guard mends what it can')];
  });

function troubleOf(
  view: Parameters<PreflightCheck>[0]['observation']['members'][number] | undefined,
  primary: boolean,
): string | undefined {
  if (view?.reach !== 'answers') return `it does not answer (${view?.error ?? view?.reach ?? 'not seen'})`;
  if (primary) return view.readOnly ? 'it is the primary, and read-only' : undefined;
  if (view.errant) return `it has transactions that the primary lacks: ${view.errant}`;
  if (!view.replication) return 'it does not replicate';
  if (view.replication.applierError) return `its applier stopped: ${view.replication.applierError.message}`;
  if (view.replication.receiver !== 'running') return `it does not receive (${view.replication.receiver})`;
  return undefined;
}

/** The cut-over would refuse them: the old primary could not be fenced from them. */
export const privilegedApplications: PreflightCheck = ({ state, observation }) => {
  const found = new Set(observation.members.flatMap(({ privilegedApplications: list }) => list ?? []));
  const trusted = state.definition.administrators ?? [];
  return [...found]
    .filter((account) => !trusted.includes(account.split(' (')[0] ?? ''))
    .map((account) =>
      refused(
        'PrivilegedApplication',
        `accounts.${account}`,
        'it may write on a read-only server (SUPER, READ_ONLY ADMIN or CONNECTION_ADMIN), so the old primary could not be fenced',
        'revoke it, or name the account under administrators',
      ),
    );
};

/** A copy of the primary holds up writes: only when it is alone. */
export const donor: PreflightCheck = ({ state, examination }) =>
  examination.member === state.primary && state.members.length > 1
    ? [
        refused(
          'NoDonor',
          'members',
          'no replica is fit to copy from, and a copy of the primary would hold up its writes',
          'mend a replica',
        ),
      ]
    : [];

export const enoughForSemiSync: PreflightCheck = ({ state, newMembers }) =>
  state.definition.durability === 'semi-sync' && newMembers.length < 3
    ? [
        refused(
          'TooFewNewMembers',
          'steps.build-members.replicas',
          `the new primary needs two replicas that may acknowledge, and ${newMembers.length} members are planned in all`,
          'plan 2 replicas or more',
        ),
      ]
    : [];

export const addresses: PreflightCheck = ({ state, newMembers }) =>
  state.members.length + newMembers.length > mostMembers
    ? [
        refused(
          'TooManyMembers',
          'members',
          `${state.members.length} members and ${newMembers.length} new ones are more than the ${mostMembers} addresses of the cluster’s network`,
          'plan fewer replicas',
        ),
      ]
    : [];

export const longWork: PreflightCheck = ({ state, observation }) =>
  (observation.members.find(({ name }) => name === state.primary)?.longWork ?? []).map((work) => {
    const path = `members.${state.primary}.connections.${work.connection}`;
    const what = `${work.kind} of ${work.user} runs for ${Math.round(work.seconds)} s: ${work.statement}`;
    return work.kind === 'ddl'
      ? refused('DdlUnderWay', path, what, 'wait until it is done: a copy would be of tables that are changing')
      : named('LongTransaction', path, what, 'the cut-over is refused while it runs');
  });

export const binlogFormat: PreflightCheck = ({ examination: { variables }, ddl }) => {
  const format = (variables['binlog_format'] ?? 'ROW').toUpperCase();
  if (format === 'ROW' || (format === 'MIXED' && ddl.length === 0)) return [];
  return [
    refused(
      'BinlogFormat',
      'settings.binlog_format',
      `it is ${format}: ${ddl.length > 0 ? 'statements do not fit a schema that was changed already' : 'the effect of statements may differ from version to version'}`,
      'SET GLOBAL binlog_format=ROW on every member, and let old sessions end',
    ),
  ];
};

export const rowImage: PreflightCheck = ({ examination: { variables }, ddl }) =>
  ddl.length > 0 && (variables['binlog_row_image'] ?? 'FULL').toUpperCase() !== 'FULL'
    ? [
        refused(
          'RowImage',
          'settings.binlog_row_image',
          `it is ${variables['binlog_row_image']}: how it meets a changed schema was not measured`,
          'SET GLOBAL binlog_row_image=FULL',
        ),
      ]
    : [];

/** How long the primary keeps its binary logs; undefined: for ever. */
export function retentionSeconds(variables: Record<string, string>): number | undefined {
  const seconds = Number(variables['binlog_expire_logs_seconds'] ?? 0);
  const days = Number(variables['expire_logs_days'] ?? 0);
  const kept = seconds > 0 ? seconds : days * 86_400;
  return kept > 0 ? kept : undefined;
}

/** Twice the estimate, and an hour at least: a seed may have to be begun again. */
export const retention: PreflightCheck = ({ examination: { variables }, estimatedSeconds, steps }) => {
  const kept = retentionSeconds(variables);
  const window = stepOf(steps, 'keep-way-back');
  const needed = Math.max(3600, 2 * estimatedSeconds, 'skip' in window && window.skip ? 0 : window.windowSeconds);
  if (kept === undefined || kept >= needed) return [];
  return [
    refused(
      'BinlogRetention',
      'settings.binlog_expire_logs_seconds',
      `binary logs are kept for ${kept} s, and the plan with its window needs ${needed} s`,
      `keep them for ${Math.ceil(needed / 86_400)} days (binlog_expire_logs_seconds, or expire_logs_days), or shorten the window`,
    ),
  ];
};

export const gtid: PreflightCheck = ({ examination: { variables }, pair }) =>
  pair?.places === 'gtid' && pair.from.engine === 'mysql' && (variables['gtid_mode'] ?? 'OFF') !== 'ON'
    ? [
        refused(
          'GtidOff',
          'settings.gtid_mode',
          `it is ${variables['gtid_mode'] ?? 'not there'}, and this pair was measured with GTID`,
          'set it to ON on all members first',
        ),
      ]
    : [];

/** That the appliers run proves nothing about what they wrote. */
export const verification: PreflightCheck = ({ steps }) =>
  stepOf(steps, 'verify').checksums
    ? []
    : [
        acceptable(
          'NotVerified',
          'steps.verify.checksums',
          'without checksums nothing proves that the new members hold the same data',
          'leave checksums on; they rest as long as they work',
        ),
      ];

/** Each host must take its share of the new members beside what is there. */
export const disks: PreflightCheck = ({ state, examination, newMembers }) => {
  const hosts = [...new Set(newMembers.map(({ host }) => host))];
  return hosts.flatMap((host) => {
    const disk = examination.disks.filter((each) => each.host === host).sort((a, b) => a.freeBytes - b.freeBytes)[0];
    if (!disk)
      return state.adoption
        ? []
        : [named('DiskUnknown', `hosts.${host}`, 'its free disk could not be read', 'see yourself that the copies fit there')];
    const count = newMembers.filter((each) => each.host === host).length;
    const needed = Math.ceil(count * examination.bytes * copiesNeed + keptFree * disk.totalBytes);
    if (disk.freeBytes >= needed) return [];
    return [
      refused(
        'DiskTooSmall',
        `hosts.${host}`,
        `${size(disk.freeBytes)} are free, and ${count} copies of ${size(examination.bytes)} with a tenth of the disk kept free need ${size(needed)}`,
        'free or add disk, or plan fewer replicas',
      ),
    ];
  });
};

const size = (bytes: number): string => (bytes >= gib ? `${(bytes / gib).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`);
