import { setTimeout as sleep } from 'node:timers/promises';

import { openRouter } from '../../../activities/router';
import { Bench, Client } from './support';

/** HAProxy 2.6 died of a segmentation fault after two cycles of this. */
const cycles = 300;
const clients = 300;

jest.setTimeout(120_000);

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench?.stop());

test(`${cycles} times held and released under the load of ${clients} clients without one error`, async () => {
  const admin = await openRouter(bench, bench.cluster, bench.router, { timeoutMs: 5000, exclusive: true });
  const [primary] = bench.cluster.members;
  if (!primary) throw new Error('no member');
  await admin.pointAndRelease(primary, 1);

  let stop = false;
  let served = 0;
  let longestMs = 0;
  const errors: string[] = [];
  const load = Array.from({ length: clients }, async (_, index) => {
    while (!stop) {
      const from = performance.now();
      try {
        const client = await Client.open('127.0.0.1', bench.publishedPort);
        const greeting = await client.line(10_000);
        client.say(`from ${index}`);
        const answer = await client.line(10_000);
        client.end();
        if (greeting !== 'bench-1' || answer !== `from ${index}`) errors.push(`${greeting}, ${answer}`);
        else served++;
      } catch (error) {
        errors.push(String(error));
      }
      longestMs = Math.max(longestMs, performance.now() - from);
      await sleep(300 + Math.random() * 600);
    }
  });

  let held = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    await admin.hold();
    await sleep(10);
    if (cycle % 50 === 0 && (await admin.view()).held) held++;
    await admin.release();
    await sleep(20);
  }
  stop = true;
  await Promise.all(load);

  expect(errors.slice(0, 3)).toEqual([]);
  expect(held).toBe(cycles / 50);
  expect(served).toBeGreaterThan(clients * 3);
  const { State, RestartCount } = await bench.docker.getContainer(bench.router.container).inspect();
  expect({ running: State.Running, restarts: RestartCount }).toEqual({ running: true, restarts: 0 });
  expect(await admin.view()).toMatchObject({ epoch: 1, held: false, open: true });
  admin.end();
  console.log(`${served} connections through ${cycles} holds, none failed, the slowest took ${Math.round(longestMs)} ms`);
});
