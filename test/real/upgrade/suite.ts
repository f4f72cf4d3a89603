import { createConnection } from 'mysql2/promise';

import type { ClusterFile } from '../../../schemas/cluster';
import type { UpgradeRehearsal } from '../../../schemas/upgrade';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

export interface Pair {
  engine: ClusterFile['engine'];
  from: string;
  to: string;
  /** Columns that every version of the pair has. */
  columns?: string[];
  values?: string[];
}

const columns = [
  'id INT PRIMARY KEY',
  'tiny TINYINT UNSIGNED',
  'big BIGINT',
  'amount DECIMAL(12,3)',
  'ratio DOUBLE',
  'part FLOAT',
  'name VARCHAR(50)',
  'latin VARCHAR(20) CHARACTER SET latin1',
  'note TEXT',
  'raw VARBINARY(20)',
  'bits BIT(9)',
  "kind ENUM('a','b')",
  "flags SET('x','y','z')",
  'day DATE',
  'at DATETIME',
  'since TIMESTAMP NULL',
  'clock TIME',
  'y YEAR',
];

const values = [
  "(1, 255, -9223372036854775808, 123456789.125, 0.1, 1.5, 'Zoë', 'Zoë', 'ünïcode ✓', X'00ff27', b'101010101', 'b', 'x,z', '2013-11-26', '2013-11-26 10:11:12', '2013-11-26 10:11:12', '-12:30:00', 2013)",
  '(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)',
  "(3, 0, 9223372036854775807, -0.001, 1e300, 3.14159, '', '', REPEAT('x', 60000), '', b'0', 'a', '', '1999-12-31', '1999-12-31 23:59:59', '1999-12-31 23:59:59', '838:59:59', 1970)",
];

/** Objects of every kind that belong to a trial. */
export async function leftOf(scenario: Scenario, cluster: TestCluster): Promise<string[]> {
  const named = (name: string | undefined): boolean => name?.includes(`${cluster.name}-trial`) === true;
  const containers = (await scenario.engine.listContainers({ all: true })).flatMap(({ Names }) => Names);
  const { Volumes } = await scenario.engine.listVolumes();
  return [...containers, ...Volumes.map(({ Name }) => Name)].filter(named);
}

/** As an application, through the router. */
export async function write(cluster: TestCluster, ...statements: string[]): Promise<void> {
  const connection = await createConnection(await cluster.application());
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

export async function fill(cluster: TestCluster, pair: Pair): Promise<void> {
  await write(
    cluster,
    `CREATE TABLE kinds (${[...columns, ...(pair.columns ?? [])].join(', ')}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
    `INSERT INTO kinds VALUES ${(pair.values ?? values).join(', ')}`,
    'CREATE VIEW named AS SELECT id, name FROM kinds WHERE name IS NOT NULL',
    'CREATE TABLE many (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(40), KEY (word)) ENGINE=InnoDB',
    "INSERT INTO many (word) VALUES ('a'), ('b'), ('c'), ('d')",
    ...Array.from({ length: 12 }, () => "INSERT INTO many (word) SELECT CONCAT(word, '-', id) FROM many WHERE LENGTH(word) < 30"),
  );
}

/** A rehearsal under load, whatever the pair: equal data, the cluster as it was, and nothing left over. */
export function describePair(pair: Pair, file: Partial<ClusterFile> = {}): void {
  let scenario: Scenario;
  let cluster: TestCluster;

  beforeAll(async () => {
    scenario = await Scenario.start();
    cluster = await scenario.createCluster({ engine: pair.engine, version: pair.from, ...file });
    await fill(cluster, pair);
  });
  afterAll(() => scenario?.stop());

  test(`a rehearsal of ${pair.engine} ${pair.from} to ${pair.to} under load: a server of the new version follows and holds the same data`, async () => {
    const run = await underLoad(cluster, () =>
      scenario.run<UpgradeRehearsal>('upgrade', {
        cluster: cluster.name,
        to: { version: pair.to },
        rehearse: true,
        steps: [
          { step: 'build-members', recipe: 'logical' },
          { step: 'verify', assertions: [{ sql: 'SELECT COUNT(*) FROM app.named', expect: 2 }] },
        ],
      }),
    );
    expect(brokenPromises(run)).toEqual([]);
    expect(run.report.errorsAfterRetry).toBe(0);
    const { rehearsal, plan } = run.result;
    expect(plan.fit).toBe(true);
    expect(rehearsal).toMatchObject({ proof: { equal: true, unchecked: [], differences: [] }, assertions: [{ holds: true }] });
    expect(rehearsal.proof.rows).toBeGreaterThan(4000);
    expect(run.after).toEqual(run.before);
    expect(await leftOf(scenario, cluster)).toEqual([]);
  });
}
