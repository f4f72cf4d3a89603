import type { Fault } from '../../support/trial-world';
import { TrialKit } from '../../support/trial-kit';
import { containing } from '../../support/matchers';

let kit: TrialKit;
beforeAll(async () => {
  kit = await TrialKit.start();
});
afterAll(() => kit?.stop());

const activities = ['build one', 'build two', 'build switched', 'build finished one', 'build finished two'];
const passing: Fault[] = ['fails before', 'fails after', 'times out'];
const everything = ['finished one', 'finished two', 'one', 'switched', 'two'];

describe('a fault that passes changes nothing of the end', () => {
  test.each(activities.flatMap((activity) => passing.map((fault) => [activity, fault] as const)))('%s %s', async (activity, fault) => {
    const cluster = kit.fresh();
    kit.world.faults.set(`${cluster}: ${activity}`, fault);
    const { progress } = await kit.result(await kit.begin({ cluster }));
    expect(progress.state).toBe('done');
    expect(kit.world.standing(cluster)).toEqual(everything);
  });
});

describe('a fault that does not pass', () => {
  test.each([
    ['build one', []],
    ['build two', []],
    ['build switched', []],
    ['build finished one', ['one', 'switched', 'two']],
    ['build finished two', ['finished one', 'one', 'switched', 'two']],
  ])('in %s leaves exactly %j', async (activity, left) => {
    const cluster = kit.fresh();
    kit.world.faults.set(`${cluster}: ${activity}`, 'fails for good');
    const error = await kit.failure(await kit.begin({ cluster }));
    expect(error).toMatchObject({
      code: 'ImageMissing',
      message: containing(`no image for ${cluster}`),
      progress: { state: 'failed' },
    });
    expect(kit.world.standing(cluster)).toEqual(left);
  });
});

describe('the worker is restarted', () => {
  test.each(activities)('during %s, and the end is the same', async (activity) => {
    const cluster = kit.fresh();
    const begun = new Promise<void>((resolve) => {
      kit.world.onBegin = (key) => key === `${cluster}: ${activity}` && resolve();
    });
    kit.world.faults.set(`${cluster}: ${activity}`, 'times out');
    const id = await kit.begin({ cluster });
    await begun;
    await kit.worker.stop();
    kit.worker = kit.newWorker();
    await kit.worker.start();
    const { progress } = await kit.result(id);
    expect(progress.state).toBe('done');
    expect(kit.world.standing(cluster)).toEqual(everything);
  });
});
