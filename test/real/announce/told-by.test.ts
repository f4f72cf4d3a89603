/** Who tells the subscribers: pivots, and the guard of what no pivot told. The real workflows over a simulated cluster. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AnnouncementsView } from '../../../schemas/announcement';
import { announceId, guardId } from '../../../schemas/names';
import { Receiver } from '../../support/receiver';
import { Simulation } from '../../support/simulation';
import { until } from '../../support/test-cluster';

let simulation: Simulation;
let receiver: Receiver;
beforeAll(async () => {
  [simulation, receiver] = await Promise.all([Simulation.start(), Receiver.listen()]);
  const { secrets } = simulation.temporal.home;
  await mkdir(join(secrets, 'subscribers'), { recursive: true });
  await writeFile(join(secrets, 'subscribers', 'test'), 'a key of the tests\n');
});
afterAll(async () => {
  await receiver?.close();
  await simulation?.stop();
});

const name = 'kiosk';
const untilEpochs = (...epochs: number[]): Promise<object> =>
  until(`epochs ${epochs.join()}`, 15_000, () =>
    Promise.resolve(receiver.epochs.join() === epochs.join() ? receiver.epochs : `heard ${receiver.epochs.join()}`),
  );

test('a pivot tells at once, also when other members take long; the guard tells of an epoch that came otherwise; a dead subscriber delays nobody', async () => {
  const simulated = simulation.cluster(name);
  const secret = 'subscribers/test';
  const subscribers = [
    { name: 'well', webhook: { url: receiver.url, secret } },
    { name: 'dead', webhook: { url: 'http://127.0.0.1:9/', secret } },
  ];
  const created = '2026-11-26T10:00:00.000Z';
  simulated.state = { ...simulated.state, created, definition: { ...simulated.state.definition, name, subscribers } };
  await simulation.drydock.start('guardCluster', { cluster: name });
  await untilEpochs(4);

  let moving = (): void => undefined;
  const moved = new Promise<void>((resolve) => (moving = resolve));
  simulated.override.tellRouters = async () => {
    await moved;
    return { confirmed: ['router-1'], missing: [] };
  };
  const pivot = await simulation.drydock.start('pivot', { cluster: name, proof: false });
  await untilEpochs(4, 5);
  // The guard says so to its readers as well, and its memo to whoever lists guards.
  expect(await shownBy()).toMatchObject({ epoch: 5 });
  const { memo } = await simulation.client.workflow.getHandle(guardId(name)).describe();
  expect(memo).toMatchObject({ topology: { epoch: 5, primary: simulated.state.primary } });
  moving();
  const { progress } = await simulation.drydock.result<{ progress: { warnings: string[] } }>(pivot);
  expect(progress.warnings).toEqual([]);

  // As after a pivot that was terminated right after its switch.
  simulated.state = { ...simulated.state, epoch: 6, primary: 'db-3' };
  simulated.override.watchCluster = async () => {
    await sleep(300);
    return { kind: 'epoch-moved', findings: [], observation: simulated.observation(), firstSignAt: '' };
  };
  await untilEpochs(4, 5, 6);
  expect(receiver.deliveries.at(-1)?.announcement).toMatchObject({ primary: { name: 'db-3' }, created });
  const view = await simulation.client.workflow.getHandle(announceId(name)).query<AnnouncementsView>('announcements');
  expect(view.subscribers.find(({ name: one }) => one === 'dead')?.waiting.map(({ epoch }) => epoch)).toEqual([4, 5, 6]);
  await simulation.client.workflow.getHandle(guardId(name)).signal('stop');
});

/** What readers of the guard see. */
async function shownBy(): Promise<{ epoch: number }> {
  const { state } = await simulation.client.workflow.getHandle(guardId(name)).query<{ state: { epoch: number } }>('cluster');
  return state;
}
