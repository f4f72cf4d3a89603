import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { createConnection } from 'mysql2/promise';

import { unplannedPivotId } from '../../../schemas/names';
import type { ProofReport } from '../../../schemas/pivot';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';

const execute = promisify(execFile);

let scenario: Scenario;
let cluster: TestCluster;
let replica: string;

beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0', durability: 'async' });
  const application = await createConnection(await cluster.application());
  for (const statement of [
    'CREATE TABLE app.things (id INT PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4, at DATETIME(3) NULL, price DECIMAL(10,2))',
    "INSERT INTO app.things WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, CONCAT('thing ', i, ' ü'), '2026-01-02 03:04:05.678', i / 7 FROM n",
    "CREATE TABLE app.twins (name VARCHAR(10)) COMMENT 'no key: rows that are equal must not cancel each other'",
    "INSERT INTO app.twins VALUES ('a'), ('a'), ('b')",
    'CREATE TABLE app.old (id INT PRIMARY KEY) ENGINE=MyISAM',
  ])
    await application.query(statement);
  await application.end();
});
afterAll(() => scenario?.stop());

/** What the proof that a planned pivot leaves behind ended with. */
async function proofAfterPivot(): Promise<string> {
  const { proof, epoch } = await scenario.pivot(cluster);
  expect(proof).toBe(`proof/${cluster.name}/${epoch}`);
  await cluster.untilConverged();
  return proof ?? '';
}

/** Behind replication's back, as an operator's mistake or a broken disk would. */
async function onReplicaAlone(...statements: string[]): Promise<void> {
  const { primary, members } = await cluster.state();
  replica = members.find(({ name }) => name !== primary)?.name ?? '';
  const sql = ['SET sql_log_bin=0', 'SET GLOBAL super_read_only=0', ...statements, 'SET GLOBAL super_read_only=1'].join('; ');
  const client = 'MYSQL_PWD="$(cat /run/drydock/root-password)" mysql -uroot -e "$0"';
  await execute('docker', ['exec', cluster.member(replica).container, 'bash', '-c', client, sql]);
}

test('members that are equal are found equal, and what could not be compared is named', async () => {
  const report = await scenario.drydock.result<ProofReport>(await proofAfterPivot());
  expect(report).toMatchObject({ equal: true, differences: [] });
  expect(report.rows).toBeGreaterThanOrEqual(903);
  expect(report.unchecked.map(({ table }) => table)).toContain('app.old');
});

test('a changed value, a missing row and a doubled row are found, each with its member and table', async () => {
  await onReplicaAlone(
    'UPDATE app.things SET price = price + 0.01 WHERE id = 417',
    "DELETE FROM app.twins WHERE name = 'a' LIMIT 1",
    "INSERT INTO app.twins VALUES ('b')",
  );
  const { code, problems } = await scenario.failureOf(await proofAfterPivot());
  expect(code).toBe('ChecksumMismatch');
  // The member that was changed may be the primary by now: then both others differ from it.
  const tables = new Set(problems.map(({ path }) => path.split('.').slice(2).join('.')));
  expect(tables).toEqual(new Set(['app.things', 'app.twins']));
  const differing = new Set(problems.map(({ path }) => path.split('.')[1]));
  const { primary } = await cluster.state();
  if (replica === primary) expect(differing).not.toContain(replica);
  else expect(differing).toEqual(new Set([replica]));
});

test('a pivot of the guard leaves a proof behind, too', async () => {
  const { primary, epoch } = await cluster.state();
  await cluster.container(primary).kill();
  await cluster.untilEpoch(epoch + 1);
  const result = await scenario.drydock.result<{ proof?: string }>(unplannedPivotId(cluster.name, epoch + 1));
  expect(result.proof).toBe(`proof/${cluster.name}/${epoch + 1}`);
});
