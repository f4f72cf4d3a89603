import fc from 'fast-check';

import type { Difference, Examination, ExaminedMember } from '../../../schemas/adoption';
import type { AdoptionFileAsWritten } from '../../../schemas/adoption-file';
import type { ReplicationView, SettingsView } from '../../../schemas/observation';
import { differences } from '../../../workflows/adoption/differences';
import { clusterOf, reportOf, thereBefore } from '../../../workflows/adoption/plan';
import { examination, examined, file } from './builders';

const fence = { fence: ['fence-server'] };
const settings = (index: number, more: Partial<SettingsView>): ExaminedMember['view'] => ({
  ...(examined(index).view as NonNullable<ExaminedMember['view']>),
  settings: { ...examined(index).view?.settings, ...more } as SettingsView,
});
const replication = (index: number, more: Partial<ReplicationView>): ExaminedMember['view'] => ({
  ...(examined(index).view as NonNullable<ExaminedMember['view']>),
  replication: { ...examined(index).view?.replication, ...more } as ReplicationView,
});

type Row = [
  what: string,
  seen: Examination,
  async: Difference['verdict'] | undefined,
  semiSync: Difference['verdict'] | undefined,
  path: string,
];

const rows: Row[] = [
  [
    'a member that does not answer',
    examination([{}, {}, { unreachable: 'no answer', view: undefined }]),
    'refused',
    'refused',
    'members.shop-3',
  ],
  [
    'an administrator who may not grant',
    examination([{ administratorLacks: ['GRANT OPTION'] }]),
    'refused',
    'refused',
    'members.shop-1.administrator',
  ],
  ['two engines', examination([{}, {}, { engine: 'mariadb', version: '10.11.6' }]), 'refused', 'refused', 'members'],
  ['two versions', examination([{}, {}, { version: '8.0.40' }]), 'named', 'named', 'members'],
  [
    'a version before 5.5',
    examination([{ version: '5.1.73' }, { version: '5.1.73' }, { version: '5.1.73' }]),
    'refused',
    'refused',
    'members.shop-1.version',
  ],
  ['a server id used twice', examination([{}, {}, { view: { serverId: 2 } }]), 'refused', 'refused', 'members'],
  ['a server uuid used twice', examination([{}, {}, { serverUuid: 'uuid-2' }]), 'refused', 'refused', 'members'],
  ['a primary that is read-only', examination([{ view: { readOnly: true } }]), 'refused', 'refused', 'members.shop-1.read_only'],
  [
    'two that replicate from nobody',
    examination([{}, {}, { view: { replication: undefined } }]),
    'refused',
    'refused',
    'members.shop-3.replication',
  ],
  [
    'a replica of another source',
    examination([{}, {}, { view: replication(2, { sourceAddress: '10.0.0.99' }) }]),
    'refused',
    'refused',
    'members.shop-3.source',
  ],
  [
    'a replica that is stopped',
    examination([{}, {}, { view: replication(2, { applier: 'stopped' }) }]),
    'refused',
    'refused',
    'members.shop-3.replication',
  ],
  ['GTID off', examination([{ gtidMode: 'OFF' }]), 'refused', 'refused', 'members.shop-1.gtid_mode'],
  [
    'GTID not enforced',
    examination([{}, { enforceGtidConsistency: 'WARN' }]),
    'refused',
    'refused',
    'members.shop-2.enforce_gtid_consistency',
  ],
  ['replication by position', examination([{}, { autoPosition: false }]), 'named', 'named', 'members.shop-2.replication'],
  ['no binary log', examination([{}, { logBin: false }]), 'refused', 'refused', 'members.shop-2.log_bin'],
  ['a limited binary log', examination([{ binlogFilters: 'shop' }]), 'refused', 'refused', 'members.shop-1.binlog_filters'],
  [
    'no log_slave_updates',
    examination([{}, { view: settings(1, { logReplicaUpdates: false }) }]),
    'named',
    'refused',
    'members.shop-2.log_slave_updates',
  ],
  ['sync_binlog 0', examination([{}, { view: settings(1, { syncBinlog: 0 }) }]), 'changed', 'refused', 'members.shop-2.sync_binlog'],
  [
    'redo log not flushed',
    examination([{ view: settings(0, { flushLogAtCommit: 2 }) }]),
    'changed',
    'refused',
    'members.shop-1.innodb_flush_log_at_trx_commit',
  ],
  [
    'sync_relay_log 10000',
    examination([{}, { view: settings(1, { syncRelayLog: 10000 }) }]),
    undefined,
    'refused',
    'members.shop-2.sync_relay_log',
  ],
  [
    'sync_relay_log 10000 without GTID',
    examination([{}, { view: { ...settings(1, { syncRelayLog: 10000 }), executed: {} } }]),
    'changed',
    'refused',
    'members.shop-2.sync_relay_log',
  ],
  [
    'relay_log_recovery',
    examination([{}, { view: settings(1, { relayLogRecovery: true }) }]),
    'named',
    'refused',
    'members.shop-2.relay_log_recovery',
  ],
  [
    'statements in the binary log',
    examination([{ view: settings(0, { binlogFormat: 'MIXED' }) }]),
    'changed',
    'refused',
    'members.shop-1.binlog_format',
  ],
  ['started writable', examination([{ startsReadOnly: false }]), 'named', 'refused', 'members.shop-1.read_only'],
  ['started replicating', examination([{}, { startsDetached: false }]), 'named', 'refused', 'members.shop-2.skip_replica_start'],
  ['a writable replica', examination([{}, { view: { readOnly: false } }]), 'changed', 'changed', 'members.shop-2.read_only'],
  [
    'events on a replica',
    examination([{}, { view: settings(1, { eventScheduler: true }) }]),
    'changed',
    'changed',
    'members.shop-2.event_scheduler',
  ],
  [
    'events that would begin to run',
    examination([{ enabledEvents: 2, view: settings(0, { eventScheduler: false }) }]),
    'refused',
    'refused',
    'members.shop-1.event_scheduler',
  ],
  ['events of another member on the primary', examination([{ sleepingEvents: 1 }]), 'refused', 'refused', 'members.shop-1.events'],
  ['a filtered replica', examination([{}, { view: replication(1, { filtered: true }) }]), 'named', 'refused', 'members.shop-2.filters'],
  ['a delayed replica', examination([{}, { view: replication(1, { delaySeconds: 3600 }) }]), 'named', 'refused', 'members.shop-2.delay'],
  [
    'a privileged application',
    examination([{ view: { privilegedApplications: ['app@% (SUPER)'] } }]),
    'named',
    'refused',
    'accounts.app@% (SUPER)',
  ],
  ['errant transactions', examination([{}, { view: { errant: 'a:1-3' } }]), 'named', 'refused', 'members.shop-2.errant'],
  ['no plug-in of semi-sync', examination([{}, { semiSyncLoaded: false }]), undefined, 'refused', 'members.shop-2.semi_sync'],
  ['a Temporal server stored here', examination([{ temporalSchemas: ['temporal'] }]), 'named', 'refused', 'schemas.temporal'],
  ['accounts of another drydock', examination([{ ownAccounts: ['drydock_op@%'] }]), 'refused', 'refused', 'accounts'],
  ['tables that are not InnoDB', examination([{ otherTables: 3 }]), 'named', 'named', 'members.shop-1.tables'],
  ['a program that is not there', examination([], { missingPrograms: ['fence-server'] }), 'refused', 'refused', 'commands'],
];

/** Of this path the gravest. */
const verdictOf = (found: Difference[], path: string): Difference['verdict'] | undefined =>
  found.find((each) => each.path === path)?.verdict;

test.each(rows)('%s', (_what, seen, async, semiSync, path) => {
  expect(verdictOf(differences(file({ durability: 'async', commands: fence }), seen), path)).toBe(async);
  expect(verdictOf(differences(file({ commands: fence }), seen), path)).toBe(semiSync);
});

test('a cluster that is as drydock wants it has no differences but that commits begin to wait', () => {
  expect(differences(file({ durability: 'async', commands: fence }), examination())).toEqual([]);
  expect(
    differences(file(), examination([{ view: { semiSync: { ...examined(0).view?.semiSync, timeoutMs: 4_294_967_295 } as never } }])),
  ).toEqual([]);
  expect(reportOf(file(), examination(), []).fit).toBe(true);
});

test('without a fence command an unplanned pivot of an async cluster waits for a person, and that is named', () => {
  const paths = (more: Partial<AdoptionFileAsWritten>): string[] =>
    differences(file({ durability: 'async', ...more }), examination()).map(({ path }) => path);
  expect(paths({})).toEqual(['commands.fence']);
  expect(paths({ commands: { members: { 'shop-1': fence } } })).toEqual(['commands.fence']);
  expect(paths({ acceptSplitBrain: true })).toEqual([]);
});

test('what a server does not tell of its start a person may say, and what it tells is not overruled', () => {
  const unknown = examination([{ startsReadOnly: undefined, startsDetached: undefined }]);
  expect(differences(file({ commands: fence }), unknown).filter(({ verdict }) => verdict === 'refused')).toHaveLength(2);
  expect(differences(file({ commands: fence, startsFenced: true }), unknown).filter(({ verdict }) => verdict === 'refused')).toEqual([]);
  const known = examination([{ startsReadOnly: false }]);
  expect(differences(file({ commands: fence, startsFenced: true }), known).some(({ verdict }) => verdict === 'refused')).toBe(true);
});

test('accounts of people are no applications', () => {
  const seen = examination([{ view: { privilegedApplications: ['root@% (SUPER)', 'dba@% (SUPER)'] } }]);
  const accounts = (more: Partial<AdoptionFileAsWritten>): string[] =>
    differences(file({ commands: fence, ...more }), seen)
      .filter(({ path }) => path.startsWith('accounts'))
      .map(({ path }) => path);
  expect(accounts({})).toEqual(['accounts.dba@% (SUPER)']);
  expect(accounts({ administrators: ['dba@%'] })).toEqual([]);
});

test('a cluster that was adopted before is known by its passwords, and keeps its accounts when this adoption is undone', () => {
  const again = examination([{ ownAccounts: ['drydock_op@%'], ownSchema: true }], { passwordsKnown: true });
  expect(differences(file({ commands: fence, durability: 'async' }), again)).toEqual([]);
  expect(thereBefore(again)).toEqual(['drydock', 'drydock_op@%']);
});

test('the cluster that comes out has the members as they are, without containers', () => {
  const { definition, members, adoption } = clusterOf(
    file({ commands: fence, administrators: ['dba@%'] }),
    examination(),
    'adoptCluster/shop/1',
  );
  expect(definition).toMatchObject({ name: 'shop', engine: 'mysql', version: '8.0', replicas: 2, administrators: ['dba@%', 'root@%'] });
  expect(members[1]).toEqual({
    name: 'shop-2',
    address: '10.0.0.12',
    port: 3306,
    host: 'elsewhere',
    serverId: 2,
    container: '',
    volume: '',
    adopted: true,
    commands: { fence: ['fence-server'], timeoutSeconds: 15 },
  });
  expect(adoption).toEqual({ operation: 'adoptCluster/shop/1', administrator: { user: 'root', passwordFile: '/etc/administrator' } });
});

test('whatever is wrong: semi-sync refuses all that async refuses, and everything wrong is told together', () => {
  const wrong = fc.subarray(rows.filter(([, , async]) => async !== undefined));
  fc.assert(
    fc.property(wrong, (chosen) => {
      const seen = chosen.reduce<Examination>((all, [, one]) => merge(all, one), examination());
      const [async, semiSync] = [
        differences(file({ durability: 'async', commands: fence }), seen),
        differences(file({ commands: fence }), seen),
      ];
      const refused = (list: Difference[]): Set<string> =>
        new Set(list.filter(({ verdict }) => verdict === 'refused').map(({ path }) => path));
      for (const path of refused(async)) expect(refused(semiSync)).toContain(path);
      for (const one of [async, semiSync])
        for (const { remedy, message } of one) expect([remedy !== '', message !== '']).toEqual([true, true]);
    }),
    { numRuns: 1000 },
  );
});

/** Everything that is unusual in either. */
function merge(all: Examination, one: Examination): Examination {
  return {
    passwordsKnown: all.passwordsKnown || one.passwordsKnown,
    missingPrograms: [...all.missingPrograms, ...one.missingPrograms],
    members: all.members.map((member, index) => {
      const usual = examined(index);
      const other = one.members[index] ?? usual;
      const changed = Object.entries(other).filter(
        ([key, value]) => JSON.stringify(value) !== JSON.stringify(usual[key as keyof ExaminedMember]),
      );
      return { ...member, ...Object.fromEntries(changed) };
    }),
  };
}
