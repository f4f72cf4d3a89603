import type { PivotResult } from '../../../schemas/pivot';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';

let scenario: Scenario;
let cluster: TestCluster;
beforeAll(async () => {
  scenario = await Scenario.start();
  cluster = await scenario.createCluster({ engine: 'mariadb', version: '10.11', durability: 'async' });
});
afterAll(() => scenario?.stop());

const approval = { gates: ['before-switch'], timeoutSeconds: 120, onTimeout: 'abort' };

/** What people may get wrong, and the paths that must be named, all of them at once. */
const malformed: [name: string, input: string | undefined, paths: string[]][] = [
  ['no input', undefined, ['']],
  ['null', 'null', ['']],
  ['a text', '"shop"', ['']],
  ['a list', '[{"cluster": "shop"}]', ['']],
  ['an empty object', '{}', ['cluster']],
  ['a number for a name', '{"cluster": 7}', ['cluster']],
  ['a name in capitals', '{"cluster": "SHOP"}', ['cluster']],
  ['a name that is a path', '{"cluster": "../shop"}', ['cluster']],
  ['a name that is too long', `{"cluster": "${'a'.repeat(40)}"}`, ['cluster']],
  ['an unknown field', '{"cluster": "shop", "colour": "red"}', ['colour']],
  ['three unknown fields', '{"cluster": "shop", "a": 1, "b": 2, "c": 3}', ['a', 'b', 'c']],
  ['a misspelt field and a wrong type', '{"cluster": "shop", "dryrun": true, "to": 3}', ['dryrun', 'to']],
  ['a text for a truth value', '{"cluster": "shop", "dryRun": "yes"}', ['dryRun']],
  ['a bound below zero', '{"cluster": "shop", "transactionBoundMs": -1}', ['transactionBoundMs']],
  ['a bound above the switch’s own', '{"cluster": "shop", "transactionBoundMs": 60000}', ['transactionBoundMs']],
  ['a reason that is too long', `{"cluster": "shop", "reason": "${'x'.repeat(300)}"}`, ['reason']],
  ['an epoch of nothing', '{"cluster": "shop", "expect": {"epoch": 0, "primary": 1}}', ['expect.epoch', 'expect.primary']],
  ['an unknown gate', '{"cluster": "shop", "approval": {"gates": ["at-lunch"]}}', ['approval.gates.0']],
  [
    'an approval without gates',
    '{"cluster": "shop", "approval": {"gates": [], "timeoutSeconds": 0}}',
    ['approval.gates', 'approval.timeoutSeconds'],
  ],
  [
    'everything at once',
    '{"cluster": 1, "to": 2, "unplanned": 3, "reason": 4, "dryRun": 5}',
    ['cluster', 'to', 'unplanned', 'reason', 'dryRun'],
  ],
];

test.each(malformed)('malformed input by `temporal workflow start` fails at once, with every problem: %s', async (name, input, paths) => {
  const id = `malformed/${name}`;
  await scenario.temporalStart('pivot', id, input);
  const error = await scenario.failureOf(id);
  expect(error.code).toBe('InvalidInput');
  expect(error.problems.map(({ path }) => path).sort()).toEqual([...paths].sort());
  const { pending, stuckWorkflowTask } = await scenario.drydock.show(id);
  expect({ pending, stuckWorkflowTask }).toEqual({ pending: [], stuckWorkflowTask: undefined });
});

test('a cluster that does not exist is named', async () => {
  await scenario.temporalStart('pivot', 'pivot/nobody', '{"cluster": "nobody"}');
  expect(await scenario.failureOf('pivot/nobody')).toMatchObject({
    code: 'UnknownCluster',
    message: expect.stringContaining('nobody') as string,
  });
});

test('an unknown workflow type is refused, and the known ones are listed', async () => {
  await scenario.temporalStart('pivoting', 'pivoting/1', '{"cluster": "shop"}');
  expect(await scenario.failureOf('pivoting/1')).toMatchObject({
    code: 'UnknownWorkflowType',
    message: expect.stringContaining('pivot') as string,
  });
});

test('pause, resume and approve by `temporal workflow signal`', async () => {
  const before = await cluster.untilConverged();
  const id = 'pivot/by-signals';
  await scenario.temporalStart('pivot', id, JSON.stringify({ cluster: cluster.name, approval }));
  await scenario.untilWaiting(id);
  await scenario.temporalSignal(id, 'pause', '{"by": "ada"}');
  await scenario.temporalSignal(id, 'approve', '{"by": "ada"}');
  await scenario.untilProgress(id, ({ state }) => state === 'paused');
  expect(await cluster.state()).toEqual(before);
  await scenario.temporalSignal(id, 'resume', '{"by": "ada"}');
  const result = await scenario.drydock.result<PivotResult>(id);
  expect(result.from).toBe(before.primary);
  expect(await cluster.untilConverged()).toMatchObject({ epoch: before.epoch + 1, primary: result.to });
  const { progress } = await scenario.drydock.show(id);
  expect(progress?.controls.map(({ control, by, outcome }) => `${control} by ${by}: ${outcome}`)).toEqual([
    'pause by ada: accepted',
    'approve by ada: accepted',
    'resume by ada: accepted',
  ]);
});

test('abort by signal before the switch leaves everything as it was', async () => {
  const before = await cluster.state();
  const id = 'pivot/aborted';
  await scenario.temporalStart('pivot', id, JSON.stringify({ cluster: cluster.name, approval }));
  await scenario.untilWaiting(id);
  await scenario.temporalSignal(id, 'abort', '{"by": "ada", "reason": "wrong night"}');
  expect(await scenario.failureOf(id)).toMatchObject({ code: 'Aborted', message: expect.stringContaining('wrong night') as string });
  expect(await cluster.untilConverged()).toEqual(before);
});

test('rollback by signal before the switch is an abort; of a closed pivot it is a planned pivot back', async () => {
  const before = await cluster.state();
  const early = 'pivot/rolled-back-early';
  await scenario.temporalStart('pivot', early, JSON.stringify({ cluster: cluster.name, approval }));
  await scenario.untilWaiting(early);
  await scenario.temporalSignal(early, 'rollback');
  expect(await scenario.failureOf(early)).toMatchObject({ code: 'Aborted' });
  expect(await cluster.state()).toEqual(before);

  const there = await scenario.pivot(cluster);
  const back = await scenario.drydock.control(await scenario.lastPivot(cluster), 'rollback', { by: 'ada' });
  expect(await scenario.drydock.result<PivotResult>(back.operation)).toMatchObject({ from: there.to, to: there.from });
  expect(await cluster.untilConverged()).toMatchObject({ epoch: before.epoch + 2, primary: before.primary });
});
