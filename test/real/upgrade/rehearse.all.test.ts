import { DrydockError } from '../../../client';
import type { Progress } from '../../../schemas/operation';
import type { UpgradeRehearsal } from '../../../schemas/upgrade';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { asRoot, fill, leftOf, type Pair, pausedRehearsal, trialOf, write } from './suite';

jest.setTimeout(240_000);

const pair: Pair = { engine: 'mysql', from: '8.0', to: '9.7', recipes: ['logical'] };

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

test('reads of the application are run again; a row that was changed by hand on the new server is found by them and by the comparison', async () => {
  for (let each = 0; each < 3; each++)
    await write(
      cluster,
      'SELECT word FROM many WHERE id = 3',
      "SELECT COUNT(*) FROM many WHERE word LIKE 'a%'",
      'SELECT id, NOW() FROM many WHERE id < 9',
    );
  const steps = [{ step: 'verify', reads: { seconds: 5, maxSlowdown: 100 } }];
  const good = await scenario.run<UpgradeRehearsal>('upgrade', { cluster: cluster.name, to: { version: pair.to }, rehearse: true, steps });
  expect(good.rehearsal.reads).toMatchObject({ source: 'performance_schema', differing: [] });
  expect(good.rehearsal.reads?.compared).toBeGreaterThanOrEqual(2);
  expect(good.rehearsal.reads?.timed).toBeGreaterThan(good.rehearsal.reads?.compared ?? 0);

  const id = await pausedRehearsal(scenario, { cluster: cluster.name, to: { version: pair.to }, steps });
  const { container } = await trialOf(scenario, cluster);
  await asRoot(
    scenario,
    container,
    "SET SESSION sql_log_bin=0; SET GLOBAL super_read_only=0; UPDATE app.many SET word = 'other' WHERE id = 3; SET GLOBAL super_read_only=1",
  );
  await scenario.drydock.control(id, 'resume', { by: 'test' });
  const error = await scenario.failureOf(id);
  expect(error.code).toBe('ChecksumMismatch');
  expect(error.problems).toEqual(
    expect.arrayContaining([
      { path: 'app.many', message: expect.stringMatching(/^differs in /) as string },
      { path: 'reads', message: 'other values: SELECT word FROM many WHERE id = ?' },
    ]),
  );
  expect(JSON.stringify(error.problems)).not.toContain("other'");
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

describe('while the donor is stopped for a copy of its files', () => {
  const schema = ['ALTER TABLE app.many ADD COLUMN more INT NULL'];

  async function untilDonorIsStopped(): Promise<string> {
    const { primary } = await cluster.state();
    const donor = cluster.cluster.members.map(({ name }) => name).find((name) => name !== primary) ?? '';
    await until('the donor stands still', 60_000, async () => ((await cluster.container(donor).inspect()).State.Running ? 'it runs' : {}));
    return donor;
  }

  test('an abort: it follows again, and nothing is left', async () => {
    const before = await cluster.untilConverged();
    const id = await scenario.drydock.start('upgrade', { cluster: cluster.name, schema, rehearse: true });
    await untilDonorIsStopped();
    await scenario.drydock.control(id, 'abort', { by: 'test' });
    expect(await scenario.failureOf(id)).toMatchObject({ code: 'Aborted' });
    expect(await cluster.untilConverged()).toEqual(before);
    expect(await leftOf(scenario, cluster)).toEqual([]);
  });

  test('the worker is killed: the next one lets it follow, copies once more, and ends well', async () => {
    const before = await cluster.untilConverged();
    const id = await scenario.drydock.start('upgrade', { cluster: cluster.name, schema, rehearse: true });
    await untilDonorIsStopped();
    for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
    await scenario.platform.startWorker();
    expect(await scenario.drydock.result(id)).toMatchObject({
      plan: { seeding: { kind: 'physical' } },
      rehearsal: { proof: { equal: true, unchecked: [] } },
    });
    expect(await cluster.untilConverged()).toEqual(before);
    expect(await leftOf(scenario, cluster)).toEqual([]);
  });
});

describe('an image of the user', () => {
  const check = (command: string[], timeoutSeconds = 60): unknown[] => [
    { step: 'verify' },
    { step: 'container', name: 'smoke test', image: 'drydock/mysql:8.0', command, timeoutSeconds },
  ];
  const run = (steps: unknown[]): Promise<string> =>
    scenario.drydock.start('upgrade', {
      cluster: cluster.name,
      schema: ['ALTER TABLE app.many ADD COLUMN c INT NULL'],
      rehearse: true,
      steps,
    });

  test('is told where the new member is reached, and passes with 0', async () => {
    const id = await run(
      check(['bash', '-c', 'exec 3<>/dev/tcp/$DRYDOCK_HOST/$DRYDOCK_PORT && head -c 20 <&3 | tr -d "\\000" && echo " $DRYDOCK_MEMBER"']),
    );
    const result = await scenario.drydock.result<UpgradeRehearsal>(id);
    expect(result.rehearsal.checks).toMatchObject([{ name: 'smoke test', passed: true, exitCode: 0 }]);
    expect(result.rehearsal.checks?.[0]?.output).toContain(`${cluster.name}-trial`);
  });

  test('that ends with another code stops it, with the end of what it wrote', async () => {
    const error = await scenario.failureOf(await run(check(['bash', '-c', 'echo "no such table"; exit 3'])));
    expect(error).toMatchObject({
      code: 'ChecksumMismatch',
      problems: [{ path: 'check smoke test', message: 'it ended with 3: no such table' }],
    });
    expect(await leftOf(scenario, cluster)).toEqual([]);
  });

  test('that does not end in time is ended', async () => {
    const error = await scenario.failureOf(await run(check(['sleep', '600'], 3)));
    expect(error).toMatchObject({ problems: [{ path: 'check smoke test', message: 'it did not end in time' }] });
  });
});
