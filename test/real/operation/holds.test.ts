import { TrialKit } from '../../support/trial-kit';
import { containing } from '../../support/matchers';

let kit: TrialKit;
beforeAll(async () => {
  kit = await TrialKit.start();
});
afterAll(() => kit?.stop());

const approval = { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' };

async function atGate(cluster: string): Promise<string> {
  const id = await kit.begin({ cluster, approval });
  await kit.waitFor(id, ({ state }) => state === 'waiting', 'waiting');
  return id;
}

const holdStatus = async (cluster: string): Promise<string> =>
  (
    JSON.parse(await kit.cli('workflow', 'describe', '--workflow-id', `hold/cluster/${cluster}`, '--output', 'json')) as {
      workflowExecutionInfo: { status: string };
    }
  ).workflowExecutionInfo.status;

test('a second operation on the same target gets a Conflict at once that names the holder, and changes nothing', async () => {
  const cluster = kit.fresh();
  const holder = await atGate(cluster);
  const before = kit.world.log.length;
  const error = await kit.failure(await kit.begin({ cluster }));
  expect(error).toMatchObject({ code: 'Conflict', message: containing(holder) });
  expect(kit.world.log).toHaveLength(before);
  await kit.drydock.control(holder, 'approve');
  await kit.result(holder);
  expect((await kit.result(await kit.begin({ cluster }))).progress.state).toBe('done');
});

test('other targets are not concerned', async () => {
  const holder = await atGate(kit.fresh());
  expect((await kit.result(await kit.begin({ cluster: kit.fresh() }))).progress.state).toBe('done');
  await kit.drydock.control(holder, 'abort');
  await kit.failure(holder);
});

test('a free hold costs nothing: its workflow is over', async () => {
  const cluster = kit.fresh();
  await kit.result(await kit.begin({ cluster }));
  expect(await holdStatus(cluster)).toBe('WORKFLOW_EXECUTION_STATUS_COMPLETED');
});

test('the hold of an operation that failed, was aborted or was cancelled is released', async () => {
  const cluster = kit.fresh();
  await kit.failure(await kit.begin({ cluster, breaks: 'type-error' }));
  const aborted = await atGate(cluster);
  await kit.drydock.control(aborted, 'abort');
  await kit.failure(aborted);
  const cancelled = await atGate(cluster);
  await kit.cli('workflow', 'cancel', '--workflow-id', cancelled);
  await kit.failure(cancelled);
  expect((await kit.result(await kit.begin({ cluster }))).progress.state).toBe('done');
});

test('the hold of a terminated operation is taken over', async () => {
  const cluster = kit.fresh();
  const holder = await atGate(cluster);
  await kit.cli('workflow', 'terminate', '--workflow-id', holder);
  expect(await holdStatus(cluster)).toBe('WORKFLOW_EXECUTION_STATUS_RUNNING');
  expect((await kit.result(await kit.begin({ cluster }))).progress.state).toBe('done');
  expect(await holdStatus(cluster)).toBe('WORKFLOW_EXECUTION_STATUS_COMPLETED');
});

test('of many that find a dead holder exactly one takes over', async () => {
  const cluster = kit.fresh();
  const holder = await atGate(cluster);
  await kit.cli('workflow', 'terminate', '--workflow-id', holder);
  const ids = await Promise.all(Array.from({ length: 6 }, () => kit.begin({ cluster, approval })));
  const codes = (): Promise<string[]> =>
    Promise.all(ids.map(async (id) => (await kit.drydock.show(id)).failure?.code ?? (await kit.drydock.show(id)).progress?.state ?? '?'));
  let now = await codes();
  for (let round = 0; round < 100 && now.filter((code) => code === 'Conflict').length < 5; round++) now = await codes();
  expect(now.filter((code) => code === 'Conflict')).toHaveLength(5);
  const winner = ids[now.findIndex((code) => code !== 'Conflict')]!;
  await kit.drydock.control(winner, 'abort');
  await kit.failure(winner);
});

test('an operation that was reset holds on by its new run', async () => {
  const cluster = kit.fresh();
  const holder = await atGate(cluster);
  await kit.cli('workflow', 'reset', '--workflow-id', holder, '--type', 'LastWorkflowTask', '--reason', 'test');
  await kit.waitFor(holder, ({ state }) => state === 'waiting', 'waiting again');
  expect(await kit.failure(await kit.begin({ cluster }))).toMatchObject({ code: 'Conflict', message: containing(holder) });
  await kit.drydock.control(holder, 'approve');
  expect((await kit.result(holder)).progress.state).toBe('done');
});

test('malformed requests to a hold are refused and harm nothing', async () => {
  const cluster = kit.fresh();
  const holder = await atGate(cluster);
  const update = (name: string, input: string): Promise<string> =>
    kit.cli('workflow', 'update', 'execute', '--workflow-id', `hold/cluster/${cluster}`, '--name', name, '--input', input);
  await expect(update('release', '7')).rejects.toThrow(/release wants/);
  await expect(update('acquire', '{}')).rejects.toThrow(/acquire wants/);
  await kit.drydock.control(holder, 'approve');
  expect((await kit.result(holder)).progress.state).toBe('done');
});
