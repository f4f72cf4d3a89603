import { DrydockError } from '../../../client';
import type { Progress } from '../../../schemas/operation';
import type { UpgradeRehearsal } from '../../../schemas/upgrade';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { fill, leftOf, write } from './suite';

jest.setTimeout(240_000);

const pair = { engine: 'mysql', from: '8.0', to: '9.7' } as const;

let scenario: Scenario;
let cluster: TestCluster;

beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: pair.engine, version: pair.from, durability: 'async', replicas: 1 });
  await fill(cluster, pair);
});
afterAll(() => scenario?.stop());

const rehearsal = (steps: unknown[] = []): Promise<string> =>
  scenario.drydock.start('upgrade', { cluster: cluster.name, to: { version: pair.to }, rehearse: true, steps });

test('an assertion that does not hold fails it, with what was found, and nothing is left over', async () => {
  const before = await cluster.untilConverged();
  const id = await rehearsal([{ step: 'verify', assertions: [{ name: 'all kinds', sql: 'SELECT COUNT(*) FROM app.kinds', expect: 7 }] }]);
  const error = await scenario.failureOf(id);
  expect(error).toBeInstanceOf(DrydockError);
  expect(error).toMatchObject({ code: 'ChecksumMismatch', problems: [{ path: 'assertion all kinds', message: 'found [["3"]]' }] });
  expect(await leftOf(scenario, cluster)).toEqual([]);
  expect(await cluster.untilConverged()).toEqual(before);
});

test('an abort in the middle of the seed removes what was made, and the donor goes on', async () => {
  const before = await cluster.untilConverged();
  const id = await rehearsal();
  await until('a server of the new version', 60_000, async () => ((await leftOf(scenario, cluster)).length > 2 ? {} : 'none yet'));
  await scenario.drydock.control(id, 'abort', { by: 'test' });
  expect(await scenario.failureOf(id)).toMatchObject({ code: 'Aborted' });
  expect(await leftOf(scenario, cluster)).toEqual([]);
  expect(await cluster.untilConverged()).toEqual(before);
});

test('the worker is killed: the next one goes on with the same server, and it ends well', async () => {
  const id = await rehearsal();
  await until('a server of the new version', 60_000, async () => ((await leftOf(scenario, cluster)).length > 2 ? {} : 'none yet'));
  for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
  await scenario.platform.startWorker();
  expect(await scenario.drydock.result(id)).toMatchObject({ rehearsal: { proof: { equal: true, unchecked: [] } } });
  expect(await leftOf(scenario, cluster)).toEqual([]);
});

test('a change of the schema under writes: the statements were executed on the trial alone, and what it holds is equal', async () => {
  const before = await cluster.untilConverged();
  const schema = [
    'ALTER TABLE app.many ADD COLUMN note VARCHAR(20) NULL, ADD INDEX by_note (note)',
    'ALTER TABLE app.many MODIFY id BIGINT NOT NULL AUTO_INCREMENT',
    'DROP INDEX word ON app.many',
  ];
  const writes = setInterval(() => void write(cluster, "INSERT INTO many (word) VALUES ('new')").catch(() => undefined), 50);
  try {
    const result = await scenario.run<UpgradeRehearsal & { progress: Progress }>('upgrade', {
      cluster: cluster.name,
      schema,
      rehearse: true,
    });
    expect(result).toMatchObject({ plan: { wayBack: { kind: 'lossy' } }, rehearsal: { proof: { equal: true, unchecked: [] } } });
    expect(result.progress.steps.find(({ name }) => name === 'change its schema')).toMatchObject({
      state: 'done',
      detail: '3 statements, app.many',
    });
  } finally {
    clearInterval(writes);
  }
  const [table] = await cluster.ask<{ n: number }>(
    before.primary,
    "SELECT COUNT(*) AS n FROM information_schema.COLUMNS WHERE TABLE_NAME = 'many' AND COLUMN_NAME = 'note'",
  );
  expect(Number(table?.n)).toBe(0);
  expect(await leftOf(scenario, cluster)).toEqual([]);
});

test('a change after which rows could not be compared is refused before anything is made', async () => {
  const id = await scenario.drydock.start('upgrade', {
    cluster: cluster.name,
    schema: ['ALTER TABLE app.many DROP COLUMN word'],
    rehearse: true,
  });
  expect(await scenario.failureOf(id)).toMatchObject({
    code: 'NotSupported',
    problems: [{ path: 'schema.0', message: 'word is not there to be compared' }],
  });
});
