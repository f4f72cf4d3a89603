import { createConnection } from 'mysql2/promise';

import { specOf } from '../../../activities/docker/labels';
import { rootPasswordFile } from '../../../activities/docker/member-container';
import type { ClusterFile } from '../../../schemas/cluster';
import { clusterTarget, labels } from '../../../schemas/names';
import type { Member } from '../../../schemas/topology';
import type { UpgradeRehearsal } from '../../../schemas/upgrade';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';

export interface Pair {
  engine: ClusterFile['engine'];
  from: string;
  to: string;
  /** How it is seeded: the rehearsal is seen with each. */
  recipes: ('physical' | 'logical')[];
  /** The new version takes zero dates. */
  zeroDates?: boolean;
  /** Findings that the plan takes on. */
  accept?: { check: string }[];
}

/** A FLOAT with more digits than a dump writes of it. */
const exact = "(4, 1, 1, 1, 1, 123456.789, 'exact', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";
const zero = "(5, 1, 1, 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2013-00-00', '0000-00-00 00:00:00', NULL, '00:00:00', 0)";

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

export async function fill(cluster: TestCluster, pair: Pick<Pair, 'engine' | 'zeroDates'>): Promise<void> {
  await write(
    cluster,
    `CREATE TABLE kinds (${columns.join(', ')}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
    `INSERT INTO kinds VALUES ${[...values, ...(pair.zeroDates ? [zero] : [])].join(', ')}`,
    'CREATE VIEW named AS SELECT id, name FROM kinds WHERE name IS NOT NULL',
    'CREATE TABLE many (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(40), KEY (word)) ENGINE=InnoDB',
    "INSERT INTO many (word) VALUES ('a'), ('b'), ('c'), ('d')",
    ...Array.from({ length: 12 }, () => "INSERT INTO many (word) SELECT CONCAT(word, '-', id) FROM many WHERE LENGTH(word) < 30"),
  );
}

/** Its own account of the server's socket may do everything; the server's container is named, since a trial is no member. */
export async function asRoot(scenario: Scenario, container: string, sql: string): Promise<string> {
  const script = `exec "$(command -v mysql || command -v mariadb)" --default-character-set=utf8mb4 -N -uroot -p"$(cat ${rootPasswordFile})" -e "$0"`;
  const exec = await scenario.engine
    .getContainer(container)
    .exec({ Cmd: ['bash', '-c', script, sql], AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  const parts: string[] = [];
  for await (const part of stream) parts.push(String(part));
  const output = parts.join('');
  if ((await exec.inspect()).ExitCode !== 0) throw new Error(`${container}: ${output}`);
  return output;
}

/** The server beside the cluster that a rehearsal has made, as its label tells. */
export async function trialOf(scenario: Scenario, cluster: TestCluster): Promise<Member> {
  const filters = { label: [`${labels.kind}=trial`, `${labels.target}=${clusterTarget(cluster.name)}`] };
  const [found] = await scenario.engine.listContainers({ all: true, filters });
  const member = specOf('trial', found?.Labels);
  if (!member) throw new Error(`no trial of ${cluster.name}`);
  return member;
}

/** A rehearsal that stands still when its server follows, until it is resumed or aborted. */
export async function pausedRehearsal(scenario: Scenario, input: Record<string, unknown>): Promise<string> {
  const id = await scenario.drydock.start('upgrade', { ...input, rehearse: true });
  await scenario.untilProgress(id, ({ steps }) => steps.some(({ name, state }) => /^build/.test(name) && state === 'running'), 60_000);
  await scenario.drydock.control(id, 'pause', { by: 'test' });
  await scenario.untilProgress(id, ({ state }) => state === 'paused', 180_000);
  return id;
}

/** Rehearsals under load, whatever the pair: equal data, the cluster as it was, and nothing left over. `more` has tests of its own in the same installation. */
export function describePair(
  pair: Pair,
  file: Partial<ClusterFile> = {},
  more: (world: { scenario: () => Scenario }) => void = () => undefined,
): void {
  describe(`${pair.engine} ${pair.from} to ${pair.to}`, () => {
    let scenario: Scenario;
    let cluster: TestCluster;

    beforeAll(async () => {
      scenario = await Scenario.start();
      cluster = await scenario.createCluster({ engine: pair.engine, version: pair.from, ...file });
      await fill(cluster, pair);
    });
    afterAll(() => scenario?.stop());

    test.each(pair.recipes)(
      `a rehearsal of ${pair.engine} ${pair.from} to ${pair.to} under load (%s): it follows and holds the same data`,
      async (recipe) => {
        await write(cluster, 'DELETE FROM kinds WHERE id = 4', ...(recipe === 'physical' ? [`INSERT INTO kinds VALUES ${exact}`] : []));
        const run = await underLoad(cluster, () =>
          scenario.run<UpgradeRehearsal>('upgrade', {
            cluster: cluster.name,
            to: { version: pair.to },
            rehearse: true,
            steps: [
              { step: 'preflight', accept: pair.accept ?? [] },
              { step: 'build-members', recipe },
              {
                step: 'verify',
                assertions: [{ sql: 'SELECT COUNT(*) FROM app.named WHERE id < 4', expect: 2 }],
                reads: { seconds: 5, maxSlowdown: 100 },
              },
            ],
          }),
        );
        expect(brokenPromises(run)).toEqual([]);
        expect(run.report.errorsAfterRetry).toBe(0);
        const { rehearsal, plan } = run.result;
        expect(plan).toMatchObject({ fit: true, seeding: { kind: recipe } });
        expect(rehearsal).toMatchObject({
          proof: { equal: true, unchecked: [], differences: [] },
          assertions: [{ holds: true }],
          reads: { differing: [] },
        });
        expect(rehearsal.proof.rows).toBeGreaterThan(4000);
        expect(run.after).toEqual(run.before);
        expect(await leftOf(scenario, cluster)).toEqual([]);
      },
    );

    more({ scenario: () => scenario });
  });
}
