/**
 * How a cluster that others made differs from what drydock needs: a pure function over what was seen. Each check is about one thing; all are
 * asked, so that everything is heard at once. docs/adoption.md gives the table in words.
 */
import { type Difference, type Examination, type ExaminedMember, primaryOf, type Verdict } from '../../schemas/adoption';
import type { AdoptionFile } from '../../schemas/adoption-file';
import { commandsOf } from '../../schemas/commands';
import { accounts } from '../../schemas/names';

interface Sight {
  file: AdoptionFile;
  examination: Examination;
  /** Those that answer. */
  seen: ExaminedMember[];
  primary: ExaminedMember | undefined;
  replicas: ExaminedMember[];
  /** For what the promises of semi-sync need: refused there, and `otherwise` with async. */
  needed: (otherwise: Verdict) => Verdict;
}

type Check = (sight: Sight) => Difference[];

export function differences(file: AdoptionFile, examination: Examination): Difference[] {
  const seen = examination.members.filter(({ unreachable }) => unreachable === undefined);
  const primary = primaryOf(seen);
  const sight: Sight = {
    file,
    examination,
    seen,
    primary,
    replicas: seen.filter((member) => member !== primary),
    needed: (otherwise) => (file.durability === 'semi-sync' ? 'refused' : otherwise),
  };
  const found = checks.flatMap((check) => check(sight));
  const rank: Verdict[] = ['refused', 'changed', 'named'];
  return found.sort((a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict));
}

const at = (member: ExaminedMember, what: string): string => `members.${member.name}.${what}`;
const difference = (verdict: Verdict, path: string, message: string, remedy: string): Difference => ({ verdict, path, message, remedy });

/** One difference for each member of which something is true. */
const each = (
  members: ExaminedMember[],
  wrong: (member: ExaminedMember) => boolean,
  tell: (member: ExaminedMember) => Difference,
): Difference[] => members.filter(wrong).map(tell);

const twice = <Value>(values: Value[]): Value[] => [...new Set(values.filter((value, index) => values.indexOf(value) < index))];

const isAtLeast = ({ version = '' }: ExaminedMember, ...wanted: number[]): boolean => {
  const parts = version.split('.').map(Number);
  for (const [index, number] of wanted.entries()) if (parts[index] !== number) return (parts[index] ?? 0) > number;
  return true;
};

const replication = ({ view }: ExaminedMember) => view?.replication;
const withGtid = (member: ExaminedMember): boolean => member.engine === 'mysql' && isAtLeast(member, 5, 6);

const answers: Check = ({ examination }) =>
  each(
    examination.members,
    ({ unreachable }) => unreachable !== undefined,
    (member) =>
      difference('refused', `members.${member.name}`, member.unreachable ?? '', 'see that it runs and lets the administrator in from here'),
  );

const administrator: Check = ({ seen, primary }) =>
  each(
    primary ? [primary] : seen,
    ({ administratorLacks }) => administratorLacks.length > 0,
    (member) =>
      difference(
        'refused',
        at(member, 'administrator'),
        `${member.administrator} lacks ${member.administratorLacks.join(', ')}`,
        'name an account that may make accounts, the schema drydock, and grant what drydock needs',
      ),
  );

const versions: Check = ({ seen }) => {
  const engines = new Set(seen.map(({ engine }) => engine));
  const all = [...new Set(seen.map(({ version }) => version))];
  const old = each(
    seen,
    (member) => !isAtLeast(member, 5, 5),
    (member) => difference('refused', at(member, 'version'), `${member.version} is older than 5.5`, 'upgrade it'),
  );
  if (engines.size > 1)
    return [...old, difference('refused', 'members', `members run ${[...engines].join(' and ')}`, 'name members of one engine only')];
  if (all.length > 1)
    old.push(
      difference('named', 'members', `members run ${all.join(', ')}`, 'a newer member that was promoted may not be followed by older ones'),
    );
  return old;
};

const identities: Check = ({ seen }) => [
  ...twice(seen.flatMap(({ view }) => view?.serverId ?? [])).map((id) =>
    difference('refused', 'members', `server_id ${id} is used twice`, 'give every member a server_id of its own and restart it'),
  ),
  ...each(
    seen,
    ({ view }) => view?.serverId === 0,
    (member) => difference('refused', at(member, 'server_id'), 'server_id is 0', 'give it a server_id of its own'),
  ),
  ...twice(seen.flatMap(({ serverUuid }) => serverUuid ?? [])).map((uuid) =>
    difference('refused', 'members', `server_uuid ${uuid} is used twice`, 'remove auto.cnf of the copy and restart it'),
  ),
];

const onePrimary: Check = ({ seen, primary, examination }) => {
  if (primary) return [];
  if (seen.length < examination.members.length) return [];
  const free = seen.filter((member) => !replication(member)).map(({ name }) => name);
  return [
    difference(
      'refused',
      'members',
      free.length === 0
        ? 'all members replicate, so none of them is the primary'
        : `it is not clear who is the primary: ${free.join(', ')} replicate from nobody, and not exactly one of them is followed`,
      'name all members, the primary among them; members that replicate from nobody follow it first',
    ),
  ];
};

const primaryWrites: Check = ({ primary }) =>
  each(
    primary ? [primary] : [],
    ({ view }) => view?.readOnly === true,
    (member) =>
      difference(
        'refused',
        at(member, 'read_only'),
        'the primary is read-only: nobody takes writes',
        'SET GLOBAL read_only=0, if it is meant to be the primary',
      ),
  );

const replicasFollow: Check = ({ replicas, primary }) => {
  if (!primary) return [];
  return replicas.flatMap((member) => {
    const status = replication(member);
    if (!status)
      return [
        difference('refused', at(member, 'replication'), 'it replicates from nobody', `let it follow ${primary.name}, or leave it out`),
      ];
    const found: Difference[] = [];
    if (status.sourceAddress !== primary.address || status.sourcePort !== primary.port)
      found.push(
        difference(
          'refused',
          at(member, 'source'),
          `it replicates from ${status.sourceAddress}:${status.sourcePort}, expected ${primary.name} at ${primary.address}:${primary.port}`,
          'give the addresses at which members reach each other, or let it follow the primary at that address',
        ),
      );
    const error = status.receiverError?.message ?? status.applierError?.message;
    if (status.receiver !== 'running' || status.applier !== 'running')
      found.push(
        difference(
          'refused',
          at(member, 'replication'),
          `receiver ${status.receiver}, applier ${status.applier}${error ? `: ${error}` : ''}`,
          'START REPLICA, and mend what it names',
        ),
      );
    return found;
  });
};

const gtidIsOn: Check = ({ seen }) => [
  ...each(
    seen,
    (member) => withGtid(member) && member.gtidMode !== 'ON',
    (member) =>
      difference(
        'refused',
        at(member, 'gtid_mode'),
        `gtid_mode is ${member.gtidMode}, must be ON`,
        'switch GTID on, step by step on all members',
      ),
  ),
  ...each(
    seen,
    (member) => withGtid(member) && member.enforceGtidConsistency !== 'ON',
    (member) =>
      difference(
        'refused',
        at(member, 'enforce_gtid_consistency'),
        `enforce_gtid_consistency is ${member.enforceGtidConsistency}, must be ON`,
        'SET GLOBAL enforce_gtid_consistency=ON, after WARN has told nothing for a while',
      ),
  ),
  ...each(
    seen,
    (member) => member.engine === 'mysql' && !withGtid(member),
    (member) =>
      difference(
        'named',
        at(member, 'version'),
        `${member.version} has no GTID: a replica whose place can not be proven must be built anew by a person`,
        'upgrade to 5.6 or later',
      ),
  ),
  ...each(
    seen,
    (member) => member.autoPosition === false && !(member.engine === 'mysql' && !withGtid(member)),
    (member) =>
      difference('named', at(member, 'replication'), 'it replicates by file and position', 'the next pivot makes it replicate by GTID'),
  ),
];

const binaryLog: Check = ({ seen, needed }) => [
  ...each(
    seen,
    ({ logBin }) => !logBin,
    (member) => difference('refused', at(member, 'log_bin'), 'the binary log is off', 'start it with log_bin'),
  ),
  ...each(
    seen,
    ({ binlogFilters }) => binlogFilters !== '',
    (member) =>
      difference(
        'refused',
        at(member, 'binlog_filters'),
        `its binary log is limited (${member.binlogFilters}), so replicas lack data and drydock's journal`,
        'remove binlog_do_db and binlog_ignore_db',
      ),
  ),
  ...each(
    seen,
    ({ view }) => view?.settings?.logReplicaUpdates === false,
    (member) =>
      difference(
        needed('named'),
        at(member, 'log_slave_updates'),
        'log_slave_updates is OFF: it can not be promoted, because others could not follow it',
        'start it with log_slave_updates (log_replica_updates)',
      ),
  ),
];

/** What drydock can set while the server runs, but what would be gone after its next restart. */
const durable: Check = ({ seen, file, needed }) =>
  seen.flatMap((member) => {
    const settings = member.view?.settings;
    if (!settings) return [];
    const found: Difference[] = [];
    const want = (name: string, is: string | number | boolean | null | undefined, must: string | number): void => {
      if (is === undefined || is === null || is === must) return;
      const remedy = `set ${name}=${must} in its configuration, and SET GLOBAL ${name}=${must}`;
      found.push(difference(needed('changed'), at(member, name), `${name} is ${String(is)}, must be ${must}`, remedy));
    };
    want('sync_binlog', settings.syncBinlog, 1);
    want('innodb_flush_log_at_trx_commit', settings.flushLogAtCommit, 1);
    // An async replica with GTID asks its source again for what it lost.
    if (file.durability === 'semi-sync' || !member.view?.executed?.gtid) want('sync_relay_log', settings.syncRelayLog, 1);
    want('binlog_format', settings.binlogFormat, 'ROW');
    if (settings.gtidStrict === false) want('gtid_strict_mode', 'OFF', 'ON');
    if (settings.relayLogRecovery)
      found.push(
        difference(
          needed('named'),
          at(member, 'relay_log_recovery'),
          'relay_log_recovery is ON: a start throws away relay log, also what was acknowledged',
          'start it with relay_log_recovery=0',
        ),
      );
    return found;
  });

const fencedAtStart: Check = ({ seen, file, needed }) =>
  seen.flatMap((member) => {
    const found: Difference[] = [];
    const tell = (name: string, known: boolean | undefined, danger: string): void => {
      if (known === true || (known === undefined && file.startsFenced)) return;
      const message =
        known === false ? `it is started without ${name}: ${danger}` : `whether it is started with ${name} is not known: if not, ${danger}`;
      const remedy = `put ${name} into its configuration${known === false ? '' : ', then say startsFenced: true'}`;
      found.push(difference(needed('named'), at(member, name), message, remedy));
    };
    tell('read_only', member.startsReadOnly, 'an old primary that comes back takes writes beside the new one');
    tell('skip_replica_start', member.startsDetached, 'a member that comes back acknowledges for an old primary');
    return found;
  });

const readOnlyReplicas: Check = ({ replicas, primary }) =>
  primary
    ? each(
        replicas,
        ({ view, settings }) => view?.readOnly === false || settings['super_read_only'] === 'OFF',
        (member) =>
          difference(
            'changed',
            at(member, 'read_only'),
            `read_only is ${member.settings['read_only']}${member.settings['super_read_only'] ? `, super_read_only ${member.settings['super_read_only']}` : ''}`,
            'drydock makes it read-only; whoever writes there gets an error from then on',
          ),
      )
    : [];

const events: Check = ({ primary, replicas }) => [
  ...each(
    replicas,
    ({ view }) => view?.settings?.eventScheduler === true,
    (member) =>
      difference(
        'changed',
        at(member, 'event_scheduler'),
        'event_scheduler is ON on a replica',
        'drydock switches it off; it is switched on at promotion',
      ),
  ),
  ...each(
    primary ? [primary] : [],
    ({ view, settings }) => view?.settings?.eventScheduler === false && settings['event_scheduler'] !== 'DISABLED',
    (member) =>
      member.enabledEvents > 0
        ? difference(
            'refused',
            at(member, 'event_scheduler'),
            `event_scheduler is OFF on the primary, and ${member.enabledEvents} events are enabled, which would begin to run`,
            'ALTER EVENT ... DISABLE those, or SET GLOBAL event_scheduler=ON',
          )
        : difference(
            'changed',
            at(member, 'event_scheduler'),
            'event_scheduler is OFF on the primary',
            'drydock switches it on; there are no events',
          ),
  ),
  ...each(
    primary ? [primary] : [],
    ({ sleepingEvents }) => sleepingEvents > 0,
    (member) =>
      difference(
        'refused',
        at(member, 'events'),
        `${member.sleepingEvents} events of the primary were made on another member and do not run here; drydock would enable them`,
        'ALTER EVENT ... ENABLE or DISABLE each of them',
      ),
  ),
  ...each(
    [...replicas, ...(primary ? [primary] : [])],
    ({ settings }) => settings['event_scheduler'] === 'DISABLED',
    (member) =>
      difference(
        'refused',
        at(member, 'event_scheduler'),
        'event_scheduler is DISABLED and can not be switched',
        'start it with event_scheduler=OFF',
      ),
  ),
];

const filters: Check = ({ replicas, needed }) => [
  ...each(
    replicas,
    (member) => replication(member)?.filtered === true,
    (member) =>
      difference(
        needed('named'),
        at(member, 'filters'),
        'it has replication filters: it lacks data, and is never promoted',
        'remove the filters, or leave it out',
      ),
  ),
  ...each(
    replicas,
    (member) => (replication(member)?.delaySeconds ?? 0) > 0,
    (member) =>
      difference(
        'named',
        at(member, 'delay'),
        `it replicates with a delay of ${replication(member)?.delaySeconds} s: it is never promoted and does not count as an acknowledger`,
        'name it under candidates.never',
      ),
  ),
  ...each(
    replicas,
    (member) => replication(member)?.mayHaveGaps === true,
    (member) =>
      difference(
        'named',
        at(member, 'replica_preserve_commit_order'),
        'its parallel applier does not keep the order of commits: it may have gaps, and is not promoted while it has',
        'SET GLOBAL replica_preserve_commit_order=ON with the applier stopped',
      ),
  ),
];

const delayedAcknowledgers: Check = ({ file, replicas }) =>
  file.durability === 'semi-sync'
    ? each(
        replicas,
        (member) => (replication(member)?.delaySeconds ?? 0) > 0 && !file.candidates.never.includes(member.name),
        (member) => difference('refused', at(member, 'delay'), 'a delayed member must not acknowledge', 'name it under candidates.never'),
      )
    : [];

const privileged: Check = ({ seen, file, needed }) => {
  const trusted = new Set([...file.administrators, ...seen.flatMap(({ administrator: account }) => account ?? [])]);
  const found = new Set(seen.flatMap(({ view }) => view?.privilegedApplications ?? []));
  return [...found]
    .filter((account) => !trusted.has(account.split(' (')[0] ?? ''))
    .sort()
    .map((account) =>
      difference(
        needed('named'),
        `accounts.${account}`,
        'may write on a read-only member, so that a planned pivot is refused',
        'revoke the privilege, or name it under administrators when people alone use it',
      ),
    );
};

const errant: Check = ({ replicas, primary, needed }) =>
  each(
    replicas,
    ({ view }) => Boolean(view?.errant),
    (member) =>
      difference(
        needed('named'),
        at(member, 'errant'),
        `it has transactions that ${primary?.name ?? 'the primary'} lacks: ${member.view?.errant}; it is never promoted`,
        'build it anew from the primary, or bring them to the primary',
      ),
  );

const semiSync: Check = ({ seen, file, primary }) => {
  if (file.durability !== 'semi-sync') return [];
  const missing = each(
    seen,
    ({ semiSyncLoaded }) => !semiSyncLoaded,
    (member) =>
      difference(
        'refused',
        at(member, 'semi_sync'),
        'the plug-ins of semi-sync are not loaded, both sides and under the names of this version',
        'plugin-load-add in its configuration and INSTALL PLUGIN, for source and replica',
      ),
  );
  const on = each(
    primary ? [primary] : [],
    ({ semiSyncLoaded, view }) =>
      semiSyncLoaded && !(view?.semiSync?.sourceEnabled && view.semiSync.waitNoReplica && view.semiSync.timeoutMs > 4e9),
    (member) =>
      difference(
        'changed',
        at(member, 'semi_sync'),
        'commits do not wait for a receipt, or not for as long as it takes',
        'drydock switches semi-sync on, without a time-out: with no replica left that acknowledges, writes wait',
      ),
  );
  return [...missing, ...on];
};

const temporalElsewhere: Check = ({ seen, needed }) =>
  [...new Set(seen.flatMap(({ temporalSchemas }) => temporalSchemas))].map((schema) =>
    difference(
      needed('named'),
      `schemas.${schema}`,
      'looks like the store of a Temporal server: if it is that of drydock, no pivot can begin when this cluster is lost',
      'keep the store of drydock’s Temporal on another cluster',
    ),
  );

const ownAccounts: Check = ({ seen, examination, primary, replicas }) => {
  const there = [...new Set(seen.flatMap((member) => member.ownAccounts))];
  const found: Difference[] = [];
  if (there.length > 0 && !examination.passwordsKnown)
    found.push(
      difference(
        'refused',
        'accounts',
        `${there.join(', ')} exist, and this installation does not know their passwords: another one may guard this cluster`,
        'let that one give it back (drydock cluster delete), then drop the accounts',
      ),
    );
  const journal = primary?.view?.journal;
  if (journal && journal.primary !== primary?.name)
    found.push(
      difference(
        'named',
        'journal',
        `an earlier journal names ${journal.primary} as the primary of epoch ${journal.epoch}`,
        `${primary?.name} becomes the primary of epoch ${journal.epoch + 1}`,
      ),
    );
  const others = [...new Set(replicas.flatMap(({ sourceUser }) => sourceUser ?? []))].filter((user) => user !== accounts.replication);
  if (others.length > 0)
    found.push(
      difference(
        'named',
        'replication',
        `members replicate with ${others.join(', ')}`,
        `left as it is; a member that is repointed uses ${accounts.replication}`,
      ),
    );
  return found;
};

const otherTables: Check = ({ primary }) =>
  each(
    primary ? [primary] : [],
    (member) => member.otherTables > 0,
    (member) =>
      difference(
        'named',
        at(member, 'tables'),
        `${member.otherTables} tables are not InnoDB: what is written to them does not survive a crash for certain`,
        'ALTER TABLE ... ENGINE=InnoDB',
      ),
  );

const programs: Check = ({ examination }) =>
  examination.missingPrograms.map((program) =>
    difference(
      'refused',
      'commands',
      `there is no program ${program} in the folder commands of the worker that looked`,
      'put or link it there, on the machine of every worker, and make it executable',
    ),
  );

const fenced: Check = ({ file, seen }) => {
  if (file.durability === 'semi-sync' || file.acceptSplitBrain) return [];
  const without = seen.map(({ name }) => name).filter((name) => !commandsOf(file, name)?.fence);
  if (without.length === 0) return [];
  return [
    difference(
      'named',
      'commands.fence',
      `${without.join(', ')}: nothing can prove that a lost primary is stopped, so an unplanned pivot waits for a person`,
      'give a fence command',
    ),
  ];
};

const checks: Check[] = [
  answers,
  administrator,
  versions,
  identities,
  onePrimary,
  primaryWrites,
  replicasFollow,
  gtidIsOn,
  binaryLog,
  durable,
  fencedAtStart,
  readOnlyReplicas,
  events,
  filters,
  delayedAcknowledgers,
  privileged,
  errant,
  semiSync,
  temporalElsewhere,
  ownAccounts,
  otherTables,
  programs,
  fenced,
];
