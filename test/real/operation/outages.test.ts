import { setTimeout as sleep } from 'node:timers/promises';

import { TrialKit } from '../../support/trial-kit';
import { containing } from '../../support/matchers';

let kit: TrialKit;
beforeEach(async () => {
  kit = await TrialKit.start();
});
afterEach(() => kit?.stop());

test('a time to approve that ran out while Temporal was away decides nothing: it asks again', async () => {
  const cluster = kit.fresh();
  const approval = { gates: ['before-switch'], timeoutSeconds: 3, onTimeout: 'abort' };
  const id = await kit.begin({ cluster, approval });
  await kit.waitFor(id, ({ state }) => state === 'waiting', 'waiting');
  await kit.temporal.kill();
  await sleep(9_000);
  await kit.temporal.up();
  const { warnings, waitsFor } = await kit.waitFor(id, ({ warnings, state }) => warnings.length > 0 && state === 'waiting', 'asking again');
  expect(warnings[0]).toMatch(/ran out while drydock or Temporal was away \(seen \d+ s late\): asked again/);
  expect(waitsFor?.gate).toBe('before-switch');
  // Now that all is well, the time-out counts.
  const error = await kit.failure(id);
  expect(error).toMatchObject({ code: 'RejectedByPerson', message: containing('nobody approved before-switch in 3 s') });
  expect(kit.world.standing(cluster)).toEqual([]);
});

test('likewise while every worker was away', async () => {
  const cluster = kit.fresh();
  const approval = { gates: ['before-switch'], timeoutSeconds: 2, onTimeout: 'ask-again' };
  const id = await kit.begin({ cluster, approval });
  await kit.waitFor(id, ({ state }) => state === 'waiting', 'waiting');
  await kit.worker.stop();
  await sleep(8_000);
  // Without a worker the client still says what the server knows.
  const view = await kit.drydock.show(id);
  expect(view).toMatchObject({ status: 'RUNNING', target: `cluster/${cluster}`, phase: 'waiting: before-switch', progress: undefined });
  kit.worker = kit.newWorker();
  await kit.worker.start();
  await kit.waitFor(id, ({ warnings }) => warnings.some((text) => /ran out while/.test(text)), 'asking again');
  await kit.waitFor(id, ({ warnings }) => warnings.some((text) => /nobody approved .*: asked again/.test(text)), 'asking again by policy');
  await kit.drydock.control(id, 'approve');
  expect((await kit.result(id)).progress.state).toBe('done');
});

test('Temporal is killed in mid-operation, and it goes on when it is back', async () => {
  const cluster = kit.fresh();
  kit.world.faults.set(`${cluster}: build two`, 'times out');
  const id = await kit.begin({ cluster });
  await kit.waitFor(id, ({ steps }) => steps[1]?.state === 'running', 'building two');
  await kit.temporal.kill();
  await sleep(1_000);
  const back = Date.now();
  await kit.temporal.up();
  expect((await kit.result(id)).progress.state).toBe('done');
  expect(kit.world.standing(cluster)).toEqual(['finished one', 'finished two', 'one', 'switched', 'two']);
  expect(Date.now() - back).toBeLessThan(15_000);
});
