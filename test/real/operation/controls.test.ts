import { DrydockError } from '../../../client';
import { stepStates, TrialKit } from '../../support/trial-kit';
import { anyString, containing, matching } from '../../support/matchers';

let kit: TrialKit;
beforeAll(async () => {
  kit = await TrialKit.start();
});
afterAll(() => kit?.stop());

const approval = { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' };

/** An operation that waits at its gate. */
async function atGate(): Promise<{ id: string; cluster: string }> {
  const cluster = kit.fresh();
  const id = await kit.begin({ cluster, approval });
  await kit.waitFor(id, ({ state }) => state === 'waiting', 'waiting');
  return { id, cluster };
}

describe('by `temporal workflow signal`', () => {
  test('approve lets it go on', async () => {
    const { id } = await atGate();
    expect((await kit.progress(id)).waitsFor).toMatchObject({ what: 'switch to two', gate: 'before-switch', until: anyString });
    await kit.signal(id, 'approve', '{"by": "ada", "reason": "quiet hour"}');
    const { progress } = await kit.result(id);
    expect(progress.controls).toEqual([
      { at: anyString, control: 'approve', by: 'ada', outcome: 'accepted', message: containing('quiet hour') },
    ]);
  });

  test('pause takes effect at the next safe point and says which; resume goes on', async () => {
    const { id } = await atGate();
    await kit.signal(id, 'pause');
    const { controls } = await kit.waitFor(id, ({ controls }) => controls.length === 1, 'told to pause');
    expect(controls[0]).toMatchObject({ outcome: 'accepted', message: 'pauses before "switch"' });
    await kit.signal(id, 'resume');
    await kit.signal(id, 'pause');
    await kit.signal(id, 'resume');
    await kit.signal(id, 'pause');
    await kit.waitFor(id, ({ controls }) => controls.length === 5, 'told to pause again');
    await kit.signal(id, 'approve').catch(() => undefined);
    const paused = await kit.waitFor(id, ({ state }) => state === 'paused' || state === 'done', 'paused');
    expect(paused).toMatchObject({ state: 'paused', waitsFor: { what: containing('before "switch"') } });
    await kit.signal(id, 'resume', '{"by": "ada"}');
    expect((await kit.result(id)).progress.state).toBe('done');
  });

  test('abort undoes, and the failure carries the progress', async () => {
    const { id, cluster } = await atGate();
    await kit.signal(id, 'abort', '{"by": "ada", "reason": "wrong night"}');
    const error = await kit.failure(id);
    expect(error).toMatchObject({
      code: 'Aborted',
      message: matching(/aborted by ada: wrong night; undone: remove two, remove one/),
    });
    expect(error.progress).toMatchObject({ state: 'aborted' });
    expect(kit.world.standing(cluster)).toEqual([]);
    expect(await kit.drydock.show(id)).toMatchObject({ status: 'FAILED', phase: 'aborted', failure: { code: 'Aborted' } });
  });

  test('rollback before the switch is an abort', async () => {
    const { id, cluster } = await atGate();
    await kit.signal(id, 'rollback');
    expect(await kit.failure(id)).toMatchObject({ code: 'Aborted' });
    expect(kit.world.standing(cluster)).toEqual([]);
  });

  test('rollback after the switch takes the way back', async () => {
    const cluster = kit.fresh();
    kit.world.faults.set(`${cluster}: build finished two`, 'hangs until cancelled');
    const id = await kit.begin({ cluster });
    await kit.waitFor(id, ({ steps }) => steps[4]?.state === 'running', 'finishing');
    await kit.signal(id, 'abort');
    await kit.signal(id, 'rollback', '{"by": "ada"}');
    const { progress } = await kit.result(id);
    expect(progress.state).toBe('rolled-back');
    expect(progress.controls.map(({ control, outcome }) => `${control} ${outcome}`)).toEqual(['abort refused', 'rollback accepted']);
    expect(kit.world.standing(cluster)).toEqual(['finished one', 'one', 'two', 'went back']);
    expect(stepStates(progress)).toEqual(expect.arrayContaining(['finish two: failed', 'switch back: done', 'finish two: done']));
  });

  test('a rollback that fails before its own point of no return undoes what it did, and says so', async () => {
    const cluster = kit.fresh();
    kit.world.faults.set(`${cluster}: build finished two`, 'hangs until cancelled');
    kit.world.faults.set(`${cluster}: remove switched`, 'fails for good');
    const id = await kit.begin({ cluster });
    await kit.waitFor(id, ({ steps }) => steps[4]?.state === 'running', 'finishing');
    await kit.signal(id, 'rollback');
    const error = await kit.failure(id);
    expect(error).toMatchObject({
      code: 'ImageMissing',
      message: matching(/^the rollback failed: no image .*; undone: stand down$/),
    });
    expect(kit.world.standing(cluster)).toEqual(['finished one', 'switched', 'two']);
  });

  test('an abort stops an activity that listens', async () => {
    const cluster = kit.fresh();
    kit.world.faults.set(`${cluster}: build two`, 'hangs until cancelled');
    const id = await kit.begin({ cluster });
    await kit.waitFor(id, ({ steps }) => steps[1]?.state === 'running', 'building two');
    const begun = Date.now();
    await kit.signal(id, 'abort');
    expect((await kit.failure(id)).code).toBe('Aborted');
    expect(Date.now() - begun).toBeLessThan(3000);
    expect(kit.world.standing(cluster)).toEqual([]);
  });

  test.each([
    ['approve', '"yes"', /malformed: expected an object/],
    ['approve', '{"by": 7}', /malformed: by: expected a string/],
    ['abort', '[1, 2]', /malformed/],
    ['pause', '{"who": "ada"}', /malformed: who: unknown field/],
    ['resume', '{}', /not paused/],
    ['approve', '{"gate": "after-switch"}', /waits at before-switch/],
    ['rollback', '{"gate": "x"}', /only approve takes a gate/],
    ['abort', `{"reason": "${'x'.repeat(600)}"}`, /500 characters/],
  ])('%s %s is recorded as refused, and nothing else happens', async (control, input, message) => {
    const { id } = await atGate();
    await kit.signal(id, control, input);
    const { controls, state } = await kit.waitFor(id, ({ controls }) => controls.length > 0, 'told');
    expect(controls[0]).toMatchObject({ control, outcome: 'refused', message: matching(message) });
    expect(state).toBe('waiting');
    await kit.drydock.control(id, 'abort');
    await kit.failure(id);
  });

  test('bytes that are not even JSON are refused too', async () => {
    const { id } = await atGate();
    await kit.cli('workflow', 'signal', '--workflow-id', id, '--name', 'abort', '--input', 'not json', '--input-meta', 'encoding=binary/x');
    const { controls } = await kit.waitFor(id, ({ controls }) => controls.length > 0, 'told');
    expect(controls[0]).toMatchObject({ control: 'abort', outcome: 'refused', message: containing('malformed') });
    await kit.drydock.control(id, 'abort');
    await kit.failure(id);
  });

  test('an unknown signal is named in the warnings', async () => {
    const { id } = await atGate();
    await kit.signal(id, 'explode', '1');
    const { warnings } = await kit.waitFor(id, ({ warnings }) => warnings.length > 0, 'warned');
    expect(warnings[0]).toMatch(/signal explode is unknown; known are pause/);
    await kit.drydock.control(id, 'abort');
    await kit.failure(id);
  });

  test('signals that come with the start are not lost', async () => {
    const id = `early-${kit.fresh()}`;
    const cluster = kit.fresh();
    await kit.worker.stop();
    await kit.startByCli('trial', id, JSON.stringify({ cluster }));
    await kit.signal(id, 'abort', '{"by": "early bird"}');
    kit.worker = kit.newWorker();
    await kit.worker.start();
    expect(await kit.failure(id)).toMatchObject({ code: 'Aborted', message: containing('early bird') });
    expect(kit.world.standing(cluster)).toEqual([]);
  });
});

describe('by update', () => {
  test('the answer says what will happen', async () => {
    const { id } = await atGate();
    expect(await kit.drydock.control(id, 'pause')).toEqual({ message: 'pauses before "switch"', operation: id });
    expect(await kit.drydock.control(id, 'resume')).toEqual({ message: 'the pause that was asked for is withdrawn', operation: id });
    expect((await kit.drydock.control(id, 'approve', { by: 'ada' })).message).toMatch(/before-switch is approved: goes on/);
    await kit.result(id);
  });

  test('what is not allowed is refused with the reason, and leaves no trace', async () => {
    const { id } = await atGate();
    await expect(kit.drydock.control(id, 'resume')).rejects.toMatchObject({
      code: 'NotAllowedNow',
      message: containing('not paused'),
    });
    await expect(kit.drydock.control(id, 'approve', { gate: 'other' })).rejects.toBeInstanceOf(DrydockError);
    await expect(kit.drydock.control(id, 'approve', 'yes' as never)).rejects.toMatchObject({ code: 'InvalidInput' });
    expect((await kit.progress(id)).controls).toEqual([]);
    await kit.drydock.control(id, 'abort');
    await kit.failure(id);
    await expect(kit.drydock.control(id, 'abort')).rejects.toMatchObject({
      code: 'NotAllowedNow',
      message: containing('is over'),
    });
    await expect(kit.drydock.control(id, 'rollback')).rejects.toMatchObject({ code: 'NotAllowedNow' });
  });
});

test('cancelling the workflow means abort', async () => {
  const { id, cluster } = await atGate();
  await kit.cli('workflow', 'cancel', '--workflow-id', id);
  const error = await kit.failure(id);
  expect(error).toMatchObject({ code: 'Aborted', message: containing('cancellation of the workflow') });
  expect(stepStates(error.progress!)).toEqual(expect.arrayContaining(['build one: undone']));
  expect(kit.world.standing(cluster)).toEqual([]);
});

test('the current details read like a runbook and tell how to approve', async () => {
  const { id } = await atGate();
  const details = await kit.cli('workflow', 'metadata', '--workflow-id', id);
  expect(details).toContain(`npx drydock op approve '${id}'`);
  expect(details).toContain('build one');
  await kit.drydock.control(id, 'abort');
  await kit.failure(id);
});
