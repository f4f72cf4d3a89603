import { TrialKit } from '../../support/trial-kit';
import { anyString, containing } from '../../support/matchers';
import { guardId } from '../../../schemas/names';
import type { Progress } from '../../../schemas/operation';

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

describe('while the guard heals, which holds the cluster in its own name,', () => {
  /** Holds it until it is approved. */
  async function heals(cluster: string): Promise<string> {
    const id = await kit.begin({ cluster, approval }, guardId(cluster));
    await kit.waitFor(id, ({ state }) => state === 'waiting', 'waiting');
    return id;
  }
  const waits = (id: string): Promise<Progress> =>
    kit.waitFor(id, ({ waitsFor }) => waitsFor?.who.startsWith('guard/') === true, 'waiting for the guard');

  test('an operation waits until it has, and says for whom; it needs nobody to approve', async () => {
    const cluster = kit.fresh();
    const guard = await heals(cluster);
    const id = await kit.begin({ cluster });
    const progress = await waits(id);
    expect(progress).toMatchObject({ phase: 'starting', state: 'waiting', waitsFor: { who: guard, until: anyString } });
    expect(progress.waitsFor).not.toHaveProperty('gate');
    expect(progress.allowed).toEqual(['pause', 'abort', 'rollback']);
    await kit.drydock.control(guard, 'approve');
    const { steps, state } = (await kit.result(id)).progress;
    expect(state).toBe('done');
    expect(steps[0]).toMatchObject({ name: 'wait until the guard has healed', state: 'done' });
  });

  test('what it does is named', async () => {
    const cluster = kit.fresh();
    kit.world.faults.set(`${cluster}: build one`, 'hangs until cancelled');
    const guard = await kit.begin({ cluster }, guardId(cluster));
    await kit.waitFor(guard, ({ steps }) => steps.some(({ state }) => state === 'running'), 'in a step');
    const id = await kit.begin({ cluster });
    expect((await waits(id)).waitsFor?.what).toBe('build one');
    expect((await kit.result(id)).progress.state).toBe('done');
  });

  test('a heal that does not end is a Conflict after the bound, which says what to do; nothing was changed', async () => {
    const cluster = kit.fresh();
    const guard = await heals(cluster);
    const before = kit.world.log.length;
    const error = await kit.failure(await kit.begin({ cluster, patienceMs: 1500 }));
    expect(error).toMatchObject({ code: 'Conflict', message: containing(guard) });
    expect(error.message).toContain(`npx drydock guard pause ${cluster}`);
    expect(kit.world.log).toHaveLength(before);
    // It did not take the hold away from the one that it gave up waiting for.
    expect(await kit.failure(await kit.begin({ cluster, patienceMs: 0 }))).toMatchObject({ code: 'Conflict', message: containing(guard) });
    await kit.drydock.control(guard, 'approve');
    await kit.result(guard);
  });

  test('an abort ends the waiting at once', async () => {
    const cluster = kit.fresh();
    const guard = await heals(cluster);
    const before = kit.world.log.length;
    const id = await kit.begin({ cluster });
    await waits(id);
    await kit.drydock.control(id, 'abort', { by: 'ada' });
    expect(await kit.failure(id)).toMatchObject({ code: 'Aborted', message: containing('ada') });
    expect(kit.world.log).toHaveLength(before);
    await kit.drydock.control(guard, 'approve');
    expect((await kit.result(guard)).progress.state).toBe('done');
  });

  test('what the guard starts because of a loss waits for nobody', async () => {
    const cluster = kit.fresh();
    const guard = await heals(cluster);
    const id = await kit.begin({ cluster });
    await waits(id);
    expect((await kit.result(await kit.begin({ cluster, trusted: true }))).progress.state).toBe('done');
    expect((await kit.progress(id)).state).toBe('waiting');
    await kit.drydock.control(guard, 'approve');
    await kit.result(id);
  });

  test('of two that wait one takes it, and the other is told by whom it is held', async () => {
    const cluster = kit.fresh();
    const guard = await heals(cluster);
    const ids = await Promise.all([kit.begin({ cluster, approval }), kit.begin({ cluster, approval })]);
    await Promise.all(ids.map(waits));
    await kit.drydock.control(guard, 'approve');
    const first = await Promise.race(
      ids.map(async (id) => {
        await kit.waitFor(id, ({ waitsFor }) => waitsFor?.gate !== undefined, 'at its gate');
        return id;
      }),
    );
    const second = ids.find((id) => id !== first)!;
    expect(await kit.failure(second)).toMatchObject({ code: 'Conflict', message: containing(first) });
    await kit.drydock.control(first, 'approve');
    await kit.result(first);
  });

  test('a guard that was terminated is waited for no longer', async () => {
    const cluster = kit.fresh();
    const guard = await heals(cluster);
    const id = await kit.begin({ cluster });
    await waits(id);
    await kit.cli('workflow', 'terminate', '--workflow-id', guard);
    expect((await kit.result(id)).progress.state).toBe('done');
  });
});
