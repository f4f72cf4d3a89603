import type { ClusterFile } from '../../../schemas/cluster';
import type { UpgradeExamination, UpgradeFinding } from '../../../schemas/upgrade';
import { type Asked, planUpgrade } from '../../../workflows/upgrade/plan';
import { primaryView, replicaView, seen } from '../pivot/builders';
import { cluster, steps } from './builders';

const gib = 2 ** 30;
const list = <Item>(...items: Item[]): { items: Item[]; more: number } => ({ items, more: 0 });

/** Findings of one check, by an upgrade of a cluster that is well but for `more`. */
function find(
  check: string,
  [engine, from, to]: [ClusterFile['engine'], string, string],
  more: Partial<UpgradeExamination> = {},
  asked: Partial<Asked> = {},
  file: Partial<ClusterFile> = {},
): UpgradeFinding[] {
  const plan = planUpgrade(cluster(engine, from, more, file), { to: { version: to, image: 'x' }, steps: [], ...asked });
  return plan.findings.filter((each) => each.check === check);
}

const old: [ClusterFile['engine'], string, string] = ['mysql', '5.5.34', '5.6'];
const modern: [ClusterFile['engine'], string, string] = ['mysql', '8.0.33', '9.7'];
const strict: [ClusterFile['engine'], string, string] = ['mysql', '5.6.14', '8.0'];

test.each([old, modern, strict, ['mariadb', '10.11.6', '11.8'] as typeof old])(
  'nothing refuses %s %s to %s of a cluster that is well',
  (...pair) => {
    const plan = planUpgrade(cluster(pair[0], pair[1]), { to: { version: pair[2], image: 'x' }, steps: [] });
    expect(plan.findings.filter(({ verdict }) => verdict === 'refused')).toEqual([]);
    expect(plan.fit).toBe(true);
  },
);

describe('data', () => {
  test('all that trips 5.5 to 5.6 is told together, each with its table and its remedy', () => {
    const plan = planUpgrade(
      cluster('mysql', '5.5.34', {
        notInnodb: list({ table: 'app.sessions', engine: 'MyISAM', partitioned: false }),
        withoutKey: list({ table: 'app.log', rows: 1_000_000 }),
        oldTemporal: list({ table: 'app.orders', column: 'at', type: 'datetime' }),
        zeroDates: list(
          { table: 'app.orders', column: 'paid', found: 'default' as const },
          { table: 'app.orders', column: 'at', found: 'data' as const },
        ),
      }),
      { to: { version: '5.6' }, steps: [] },
    );
    expect(plan.findings.map(({ check, path, verdict }) => `${verdict} ${check} ${path}`)).toEqual([
      'refused NotInnodb app.sessions',
      'refused MissingPrimaryKey app.log',
      'named OldTemporal app.orders.at',
      'named ZeroDate app.orders.paid',
      'named ZeroDate app.orders.at',
    ]);
    for (const { remedy } of plan.findings) expect(remedy).not.toBe('');
    expect(plan.fit).toBe(false);
  });

  test('what is only not provable may be taken on, there or everywhere', () => {
    const more = {
      notInnodb: list({ table: 'app.a', engine: 'MyISAM', partitioned: false }, { table: 'app.b', engine: 'MyISAM', partitioned: false }),
    };
    const accept = (...accepted: unknown[]): Partial<Asked> => ({ steps: steps({ step: 'preflight', accept: accepted }) });
    expect(find('NotInnodb', old, more, accept({ check: 'NotInnodb', path: 'app.a' })).map(({ verdict }) => verdict)).toEqual([
      'refused',
      'accepted',
    ]);
    expect(find('NotInnodb', old, more, accept({ check: 'NotInnodb' })).map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted']);
  });

  test('partitions of an engine that 8.0 does not have can not be taken on', () => {
    const more = { notInnodb: list({ table: 'app.a', engine: 'MyISAM', partitioned: true }) };
    const accept = { steps: steps({ step: 'preflight', accept: [{ check: 'NotInnodb' }] }) };
    expect(find('NotInnodb', strict, more, accept)).toMatchObject([{ verdict: 'refused', acceptable: false }]);
  });

  test('a small table without a key is compared in one piece', () => {
    expect(find('MissingPrimaryKey', old, { withoutKey: list({ table: 'app.log', rows: 10 }) })).toMatchObject([{ verdict: 'named' }]);
  });

  test('zero dates are refused by what becomes strict, unless the cluster keeps its sql_mode', () => {
    const more = {
      zeroDates: list({ table: 'app.a', column: 'b', found: 'data' as const }),
      searchedInPart: list({ table: 'app.c', rows: 200_000 }),
    };
    expect(find('ZeroDate', strict, more).map(({ verdict }) => verdict)).toEqual(['refused', 'named']);
    expect(find('ZeroDate', modern, more).map(({ verdict }) => verdict)).toEqual(['named', 'named']);
    expect(find('ZeroDate', strict, more, {}, { settings: { sql_mode: '' } }).map(({ verdict }) => verdict)).toEqual(['named', 'named']);
  });

  test('a list that was cut says so', () => {
    expect(find('MissingPrimaryKey', old, { withoutKey: { items: [], more: 7 } })).toMatchObject([
      { message: expect.stringContaining('7 more') as string },
    ]);
  });
});

describe('server', () => {
  test.each([
    ['rank', 'mysql', '5.6', '8.0'],
    ['get', 'mysql', '5.5', '5.6'],
  ] as const)('%s becomes a reserved word from %s %s to %s', (word, engine, from, to) => {
    const more = { names: list({ kind: 'column' as const, name: `app.a.${word}`, word }) };
    expect(find('ReservedWord', [engine, from, to], more)).toMatchObject([{ verdict: 'refused', acceptable: true, path: `app.a.${word}` }]);
    expect(find('ReservedWord', ['mysql', '8.0', '8.0'], more, { schema: ['CREATE INDEX i ON app.a (b)'] })).toEqual([]);
  });

  test('native passwords are gone in 9.7, the old hash from 5.6 on', () => {
    const more = {
      accounts: list(
        { account: 'shop@%', plugin: 'mysql_native_password' },
        { account: 'old@%', plugin: 'old-password' },
        { account: 'new@%', plugin: 'caching_sha2_password' },
      ),
    };
    expect(find('AuthenticationGone', modern, more).map(({ path }) => path)).toContain('shop@%');
    expect(find('AuthenticationGone', strict, more).map(({ path }) => path)).toEqual(['old@%']);
    expect(find('AuthenticationGone', old, more).map(({ path }) => path)).toEqual(['old@%']);
  });

  test('modes of SQL that are gone are named with where they are', () => {
    const more = {
      sqlModes: [
        { place: 'the server', modes: ['NO_AUTO_CREATE_USER'] },
        { place: 'routine app.f', modes: ['ORACLE'] },
      ],
    };
    expect(find('SqlModeGone', strict, more).map(({ path }) => path)).toEqual(['the server', 'routine app.f']);
    expect(find('SqlModeGone', modern, more)).toEqual([]);
  });

  test('a setting of the cluster that the new server does not know', () => {
    const file = { settings: { query_cache_size: '1', 'query-cache-type': '1', max_connections: '10', 'loose-query_cache_limit': '1' } };
    expect(find('SettingGone', strict, {}, {}, file).map(({ path }) => path)).toEqual([
      'settings.query_cache_size',
      'settings.query-cache-type',
    ]);
    expect(find('SettingGone', old, {}, {}, file)).toEqual([]);
  });

  test('what was not measured is said', () => {
    expect(find('NotMeasured', ['mariadb', '10.5.1', '10.11']).map(({ message }) => message)).toEqual([
      expect.stringContaining('the logical seed'),
      expect.stringContaining('mariadb 10.5 are not known'),
    ]);
  });
});

describe('cluster', () => {
  test('members that are not well, and a donor that only the primary could be', () => {
    const sick = { ...cluster('mysql', '8.0.33', { member: 'db-1' }) };
    sick.observation = seen(
      primaryView(),
      replicaView('db-2', 100, { replication: { applier: 'stopped', applierError: { code: 1062, message: 'twice' } } }),
      {
        name: 'db-3',
        reach: 'refused',
        container: 'stopped',
      },
    );
    const { findings } = planUpgrade(sick, { to: { version: '9.7' }, steps: [] });
    expect(findings.filter(({ verdict }) => verdict === 'refused').map(({ check, path }) => `${check} ${path}`)).toEqual([
      'MemberNotFit members.db-2',
      'MemberNotFit members.db-3',
      'NoDonor members',
    ]);
  });

  test('accounts that could write on a fenced primary, but those that are said to be of people', () => {
    const seenNow = cluster('mysql', '8.0.33', {}, { administrators: ['dba@%'] });
    seenNow.observation = seen(
      primaryView('db-1', 100, { privilegedApplications: ['app@% (SUPER)', 'dba@% (SUPER)'] }),
      replicaView('db-2'),
      replicaView('db-3'),
    );
    const { findings } = planUpgrade(seenNow, { to: { version: '9.7' }, steps: [] });
    expect(findings.map(({ check, path }) => `${check} ${path}`)).toEqual(['PrivilegedApplication accounts.app@% (SUPER)']);
  });

  test('binary logs must be rows, and be kept for as long as the plan and its window last', () => {
    const variables = { binlog_format: 'STATEMENT', gtid_mode: 'ON', binlog_expire_logs_seconds: '7200' };
    expect(find('BinlogFormat', modern, { variables })).toHaveLength(1);
    expect(find('BinlogRetention', modern, { variables })).toMatchObject([{ message: expect.stringContaining('needs 86400 s') as string }]);
    expect(find('BinlogRetention', modern, { variables }, { steps: steps({ step: 'keep-way-back', skip: true }) })).toEqual([]);
    expect(find('BinlogRetention', modern, { variables: { ...variables, binlog_expire_logs_seconds: '0' } })).toEqual([]);
    expect(
      find(
        'BinlogRetention',
        old,
        { variables: { expire_logs_days: '1' } },
        { steps: steps({ step: 'keep-way-back', windowSeconds: 172_800 }) },
      ),
    ).toHaveLength(1);
  });

  test('MIXED is well for a version, not for a schema', () => {
    const variables = { binlog_format: 'MIXED', gtid_mode: 'ON', binlog_row_image: 'MINIMAL' };
    const asked = { schema: ['CREATE INDEX i ON app.a (b)'] };
    expect(find('BinlogFormat', modern, { variables })).toEqual([]);
    expect(find('BinlogFormat', modern, { variables }, asked)).toHaveLength(1);
    expect(find('RowImage', modern, { variables }, asked)).toHaveLength(1);
  });

  test('GTID where the pair was measured with it', () => {
    expect(find('GtidOff', modern, { variables: { gtid_mode: 'OFF' } })).toHaveLength(1);
    expect(find('GtidOff', old, { variables: {} })).toEqual([]);
  });

  test('each host must take its copies and keep a tenth free', () => {
    const disk = (freeBytes: number): Partial<UpgradeExamination> => ({
      bytes: 10 * gib,
      disks: [{ member: 'db-1', host: 'local', freeBytes, totalBytes: 100 * gib }],
    });
    expect(find('DiskTooSmall', modern, disk(48 * gib))).toMatchObject([
      { path: 'hosts.local', message: expect.stringContaining('48.0 GiB are free') as string },
    ]);
    expect(find('DiskTooSmall', modern, disk(50 * gib))).toEqual([]);
    expect(find('DiskUnknown', modern, { disks: [] })).toMatchObject([{ verdict: 'named' }]);
  });

  test('semi-sync wants a primary and two that acknowledge', () => {
    expect(find('TooFewNewMembers', modern, {}, { steps: steps({ step: 'build-members', replicas: 1 }) })).toHaveLength(1);
    expect(find('TooFewNewMembers', modern, {}, { steps: steps({ step: 'build-members', replicas: 1 }) }, { durability: 'async' })).toEqual(
      [],
    );
    expect(find('TooManyMembers', modern, {}, { steps: steps({ step: 'build-members', replicas: 15 }) })).toEqual([]);
  });

  test('a plan without checksums is refused unless a person takes it on', () => {
    expect(find('NotVerified', modern, {}, { steps: steps({ step: 'verify', checksums: false }) })).toMatchObject([
      { verdict: 'refused', acceptable: true },
    ]);
  });

  test('DDL under way refuses, a long transaction is named', () => {
    const busy = cluster('mysql', '8.0.33');
    const work = { connection: 7, user: 'app', seconds: 30, statement: 'ALTER TABLE x' };
    busy.observation = seen(
      primaryView('db-1', 100, {
        longWork: [
          { ...work, kind: 'ddl' },
          { ...work, kind: 'transaction' },
        ],
      }),
      replicaView('db-2'),
      replicaView('db-3'),
    );
    const { findings } = planUpgrade(busy, { to: { version: '9.7' }, steps: [] });
    expect(findings.map(({ check, verdict }) => `${verdict} ${check}`)).toEqual(['refused DdlUnderWay', 'named LongTransaction']);
  });
});
