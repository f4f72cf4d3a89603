import { stepStates, TrialKit } from '../../support/trial-kit';
import { containing } from '../../support/matchers';

let kit: TrialKit;
beforeAll(async () => {
  kit = await TrialKit.start();
});
afterAll(() => kit?.stop());

test('goes through its runbook and ends with its progress in the result', async () => {
  const cluster = kit.fresh();
  const id = await kit.begin({ cluster });
  const { built, progress } = await kit.result(id);
  expect(built).toEqual(['one', 'two']);
  expect(progress).toMatchObject({
    operation: id,
    type: 'trial',
    target: `cluster/${cluster}`,
    phase: 'closed',
    state: 'done',
    allowed: [],
  });
  expect(stepStates(progress)).toEqual(['build one: done', 'build two: done', 'switch: done', 'finish one: done', 'finish two: done']);
  expect(kit.world.standing(cluster)).toEqual(['finished one', 'finished two', 'one', 'switched', 'two']);
  const view = await kit.drydock.show(id);
  expect(view).toMatchObject({ status: 'COMPLETED', phase: 'done', target: `cluster/${cluster}`, pending: [] });
});

test('a dry run touches nothing and takes no hold', async () => {
  const cluster = kit.fresh();
  const holder = await kit.begin({ cluster, approval: { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' } });
  await kit.waitFor(holder, ({ state }) => state === 'waiting', 'waiting');
  const before = kit.world.log.length;
  const { built, progress } = await kit.result(await kit.begin({ cluster, dryRun: true }));
  expect(built).toEqual(['would build one and two']);
  expect(progress).toMatchObject({ dryRun: true, state: 'done' });
  expect(kit.world.log).toHaveLength(before);
  await kit.drydock.control(holder, 'abort');
  await kit.failure(holder);
});

describe('fails at once and for good', () => {
  test.each([
    ['no input', [] as string[], /needs an input/, 1],
    ['a string', ['"shop"'], /expected object/i, 1],
    ['a number', ['7'], /expected object/i, 1],
    ['an array', ['[1]'], /expected object/i, 1],
    ['null', ['null'], /needs an input/, 1],
    ['two unknown fields and a wrong type', ['{"cluster": 3, "colour": "red", "size": 1}'], /cluster.*colour|colour.*cluster/, 3],
    [
      'a wrong value deep inside',
      ['{"cluster": "a", "approval": {"gates": [1], "timeoutSeconds": "x", "onTimeout": "no"}}'],
      /approval\.gates\.0/,
      3,
    ],
  ])('%s', async (_what, inputs, message, problems) => {
    const id = `bad-${kit.fresh()}`;
    await kit.startByCli('trial', id, ...inputs);
    const error = await kit.failure(id);
    expect(error.code).toBe('InvalidInput');
    expect(error.message).toMatch(message);
    expect(error.problems).toHaveLength(problems);
    expect(error.progress).toMatchObject({ state: 'failed', phase: 'closed' });
  });

  test('an unknown workflow type, naming those that there are', async () => {
    await kit.startByCli('pivvot', 'misspelt', '{}');
    expect(await kit.failure('misspelt')).toMatchObject({
      code: 'UnknownWorkflowType',
      message: containing('createCluster, deleteCluster'),
    });
  });

  test('a fault of its own code is Internal, and no workflow task is retried', async () => {
    const cluster = kit.fresh();
    const id = await kit.begin({ cluster, breaks: 'type-error' });
    const error = await kit.failure(id);
    expect(error).toMatchObject({ code: 'Internal', message: containing('TypeError') });
    expect(kit.world.standing(cluster)).toEqual([]);
  });
});

describe('compensation', () => {
  test('a failure undoes what was done, last first, and says so', async () => {
    const cluster = kit.fresh();
    const error = await kit.failure(await kit.begin({ cluster, breaks: 'coded' }));
    expect(error).toMatchObject({ code: 'PrecheckFailed', problems: [{ path: 'member db-1', message: 'lags' }] });
    expect(error.message).toContain('undone: remove two, remove one');
    expect(kit.world.log.filter((line) => line.startsWith(`${cluster}:`))).toEqual(
      ['build one', 'build two', 'remove two', 'remove one'].map((act) => `${cluster}: ${act}`),
    );
    expect(stepStates(error.progress!)).toEqual(
      expect.arrayContaining([
        'build one: undone',
        'build two: undone',
        'undo: remove two: done',
        'undo: remove one: done',
        'switch: skipped',
      ]),
    );
  });

  test('one that fails is reported, and the others are run all the same', async () => {
    const cluster = kit.fresh();
    const error = await kit.failure(await kit.begin({ cluster, breaks: 'compensation' }));
    expect(error.message).toContain('undone: remove two; not done: undo: remove one (the engine refuses to remove one)');
    expect(error.problems).toEqual([{ path: 'undo: remove one', message: 'the engine refuses to remove one' }]);
    expect(kit.world.standing(cluster)).toEqual(['one']);
  });

  test('after the point of no return nothing is undone', async () => {
    const cluster = kit.fresh();
    const error = await kit.failure(await kit.begin({ cluster, breaks: 'after-switch' }));
    expect(error).toMatchObject({ code: 'SwitchFailed', message: 'broke after the switch' });
    expect(kit.world.standing(cluster)).toEqual(['one', 'switched', 'two']);
  });
});

test('a trusted input goes straight to the first activity: no event of ours comes before it', async () => {
  const id = await kit.begin({ cluster: kit.fresh(), dryRun: false, trusted: true });
  await kit.result(id);
  const { events } = JSON.parse(await kit.cli('workflow', 'show', '--workflow-id', id, '--output', 'json')) as {
    events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
  };
  const types = events.map(({ eventType }) => eventType.replace('EVENT_TYPE_', ''));
  expect(types.slice(0, 5)).toEqual([
    'WORKFLOW_EXECUTION_STARTED',
    'WORKFLOW_TASK_SCHEDULED',
    'WORKFLOW_TASK_STARTED',
    'WORKFLOW_TASK_COMPLETED',
    'ACTIVITY_TASK_SCHEDULED',
  ]);
  expect(events[4]?.activityTaskScheduledEventAttributes?.activityType.name).toBe('build');
});
