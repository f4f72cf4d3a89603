import type { ClusterFile } from '../../../schemas/cluster';
import type { UpgradeFinding, UpgradePlan, UpgradePreview, UpgradeRehearsal } from '../../../schemas/upgrade';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { asRoot as asRootOf, leftOf, write } from './suite';

jest.setTimeout(180_000);

let scenario: Scenario;

beforeAll(async () => {
  scenario = await Scenario.start();
});
afterAll(() => scenario?.stop());

const small: Pick<ClusterFile, 'durability' | 'replicas'> = { durability: 'async', replicas: 1 };

const asRoot = async (cluster: TestCluster, sql: string): Promise<string> =>
  asRootOf(scenario, cluster.member((await cluster.state()).primary).container, sql);

async function caughtUp(cluster: TestCluster, table: string): Promise<void> {
  for (const { name } of cluster.cluster.members)
    for (let tries = 0; tries < 100; tries++) {
      const found = await cluster.ask(name, `SELECT 1 FROM ${table} LIMIT 1`).catch(() => []);
      if (found.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

const plan = async (cluster: TestCluster, input: Record<string, unknown>): Promise<UpgradePlan> =>
  (await scenario.run<UpgradePreview>('upgrade', { cluster: cluster.name, dryRun: true, ...input })).plan;

const told = (findings: UpgradeFinding[]): string[] => findings.map(({ verdict, check, path }) => `${verdict} ${check} ${path}`);

describe('MySQL 5.5 with a data set that trips the checks', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await scenario.createCluster({ engine: 'mysql', version: '5.5', ...small });
    await write(
      cluster,
      'CREATE TABLE orders (id INT PRIMARY KEY, at DATETIME NOT NULL, paid DATE, touched TIMESTAMP NULL, `get` INT) ENGINE=InnoDB DEFAULT CHARSET=latin1',
      "INSERT INTO orders VALUES (1, '0000-00-00 00:00:00', '2013-00-01', NULL, 1), (2, '2013-11-26 10:00:00', NULL, NULL, 2)",
      "CREATE TABLE prices (id INT PRIMARY KEY, since DATE NOT NULL DEFAULT '0000-00-00') ENGINE=InnoDB",
      'CREATE TABLE log (line VARCHAR(100)) ENGINE=InnoDB',
      'CREATE TABLE sessions (id INT PRIMARY KEY, data TEXT) ENGINE=MyISAM',
      "INSERT INTO log VALUES ('last')",
    );
    await caughtUp(cluster, 'app.log');
  });

  test('everything is told at once before anything is made, and nothing is changed', async () => {
    const members = async (): Promise<unknown> =>
      (await scenario.engine.listContainers({ all: true })).map(({ Id, State }) => `${Id} ${State}`).sort();
    const before = [await members(), await cluster.state()];
    const found = await plan(cluster, { to: { engine: 'mysql', version: '5.6' } });
    expect([await members(), await cluster.state()]).toEqual(before);
    expect(found).toMatchObject({
      fit: false,
      from: 'MySQL 5.5.34',
      to: 'MySQL 5.6',
      seeding: { kind: 'physical', upgradeTool: 'mysql_upgrade' },
      wayBack: { kind: 'live' },
    });
    expect(told(found.findings).sort()).toEqual(
      [
        'refused NotInnodb app.sessions',
        'refused ReservedWord app.orders.get',
        'named MissingPrimaryKey app.log',
        'named OldTemporal app.orders.at',
        'named OldTemporal app.orders.touched',
        'named ZeroDate app.orders.at',
        'named ZeroDate app.orders.paid',
        'named ZeroDate app.prices.since',
      ].sort(),
    );
    for (const { remedy } of found.findings) expect(remedy).not.toBe('');
    // Of the two members one is a replica, and it is read.
    const { primary } = await cluster.state();
    expect(found.newMembers.map(({ name }) => name)).toEqual([`${cluster.name}-3`, `${cluster.name}-4`]);
    expect(found.newMembers[0]?.donor).not.toBe(primary);
  });

  test('what a person takes on does not refuse, and a logical seed of columns with a time of day has no live way back', async () => {
    const accept = [{ check: 'NotInnodb', path: 'app.sessions' }, { check: 'ReservedWord' }];
    const found = await plan(cluster, {
      to: { version: '5.6' },
      steps: [
        { step: 'preflight', accept },
        { step: 'build-members', recipe: 'logical' },
      ],
    });
    expect(found.fit).toBe(true);
    expect(found.wayBack).toMatchObject({ kind: 'lossy', reason: expect.stringContaining('app.orders.at') as string });
  });

  test('a change of the schema is judged by the columns that there are', async () => {
    const schema = [
      'ALTER TABLE app.orders ADD COLUMN note VARCHAR(10)',
      'ALTER TABLE app.orders ADD COLUMN early INT AFTER id',
      'ALTER TABLE app.log CONVERT TO CHARACTER SET utf8mb4',
      'ALTER TABLE app.nothing ADD COLUMN x INT',
    ];
    const found = await plan(cluster, { schema });
    const refused = found.findings.filter(({ check }) => check === 'SchemaChange').map(({ path, message }) => `${path}: ${message}`);
    expect(refused).toEqual([
      expect.stringMatching(/^schema\.1 app\.orders: .*shifts those behind it/),
      expect.stringMatching(/^schema\.2 app\.log: .*corrupts texts silently/),
      expect.stringMatching(/^schema\.3 app\.nothing: there is no table/),
    ]);
  });

  test('what is not a dry run is refused with a code of its own, and holds nothing', async () => {
    const id = await scenario.drydock.start('upgrade', { cluster: cluster.name, to: { version: '5.6' } });
    expect(await scenario.failureOf(id)).toMatchObject({ code: 'NotSupported' });
    expect(await scenario.pivot(cluster, { dryRun: true })).toMatchObject({ plan: { problems: [] } });
  });

  test('a pair that nobody has measured is refused with the way that there is', async () => {
    const found = await plan(cluster, { to: { version: '8.0' } });
    expect(found.findings[0]).toMatchObject({
      check: 'VersionPair',
      verdict: 'refused',
      remedy: expect.stringContaining('MySQL 5.6, then MySQL 8.0') as string,
    });
  });
});

test('MySQL 8.0 to 9.7: native passwords, words that are reserved from now on, a dump as the only way, back by GTID', async () => {
  const cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0', ...small });
  await write(
    cluster,
    'CREATE TABLE parts (id INT PRIMARY KEY, `external` INT, at DATETIME(3), name VARCHAR(20) COLLATE utf8mb3_general_ci)',
    "INSERT INTO parts VALUES (1, 1, NOW(3), 'a')",
  );
  await asRoot(
    cluster,
    "CREATE USER shop@'10.%' IDENTIFIED WITH mysql_native_password BY 'not-in-use'; CREATE USER fine@'10.%' IDENTIFIED BY 'not-in-use'",
  );
  await caughtUp(cluster, 'app.parts');
  const found = await plan(cluster, { to: { version: '9.7' } });
  expect(told(found.findings).sort()).toEqual(['refused AuthenticationGone shop@10.%', 'refused ReservedWord app.parts.external']);
  expect(found).toMatchObject({
    from: 'MySQL 8.0.33',
    to: 'MySQL 9.7',
    seeding: { kind: 'logical' },
    wayBack: { kind: 'live', brokenBy: [expect.stringContaining('VECTOR')] },
  });

  // Mended, and the word taken on: it is rehearsed, and nothing of that is left.
  await asRoot(cluster, "DROP USER shop@'10.%'");
  const { rehearsal } = await scenario.run<UpgradeRehearsal>('upgrade', {
    cluster: cluster.name,
    to: { version: '9.7' },
    rehearse: true,
    steps: [
      { step: 'preflight', accept: [{ check: 'ReservedWord' }] },
      { step: 'verify', assertions: [{ sql: 'SELECT `external`, name FROM app.parts', expect: [[1, 'a']] }] },
    ],
  });
  expect(rehearsal).toMatchObject({ proof: { equal: true, unchecked: [] }, assertions: [{ holds: true }] });
  expect(await leftOf(scenario, cluster)).toEqual([]);

  // A change of the schema goes by the files of the replica, which is stopped for it and follows again.
  const changed = await scenario.run<UpgradeRehearsal>('upgrade', {
    cluster: cluster.name,
    schema: ['ALTER TABLE app.parts ADD COLUMN note VARCHAR(20) NULL'],
    rehearse: true,
  });
  expect(changed).toMatchObject({ plan: { seeding: { kind: 'physical' } }, rehearsal: { proof: { equal: true, unchecked: [] } } });
  await cluster.untilConverged();
  expect(await leftOf(scenario, cluster)).toEqual([]);
});
