/** Who is told what by whom, and in which order: the real workflows, servers that fail, are slow, are dead, or answer late. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Webhook } from 'standardwebhooks';

import { announcementOf } from '../../../schemas/announcement';
import type { GuardView } from '../../../schemas/guard';
import { announceId, guardId } from '../../../schemas/names';
import { Simulation } from '../../support/simulation';
import { until } from '../../support/test-cluster';
import { AnnounceKit, clusterOf, hook, inOrder, waits } from './kit';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
let simulation: Simulation;
let kit: AnnounceKit;
beforeAll(async () => {
  simulation = await Simulation.start();
  kit = new AnnounceKit(simulation.client);
  await AnnounceKit.putSecret(simulation.temporal.home.secrets, secret);
});
afterAll(async () => {
  await kit?.close();
  await simulation?.stop();
});

test('each hears every change in order, signed; who fails, is slow or dead holds nobody up and is named until it confirmed', async () => {
  const [well, failing, late, dead] = [await kit.receiver(), await kit.receiver(), await kit.receiver(), await kit.receiver()];
  await dead.close();
  let refusals = 2;
  failing.behaviour = () => (refusals-- > 0 ? 500 : 200);
  let answered = 0;
  late.behaviour = (_, response) => {
    setTimeout(() => {
      answered++;
      response.writeHead(204).end();
    }, 700);
    // The one before was answered when the next came.
    expect(late.deliveries).toHaveLength(answered + 1);
    return undefined;
  };
  const cluster = clusterOf('till', [hook('well', well), hook('failing', failing), hook('late', late), hook('dead', dead)]);
  const start = Date.now();
  for (const epoch of [1, 2, 3, 5]) await kit.tell(cluster, epoch);
  // Told again and told late: nothing new for anybody.
  await kit.tell(cluster, 2);
  await until('all changes at the one that is well', 5000, () =>
    Promise.resolve(well.epochs.length === 4 ? well.epochs : JSON.stringify(well.epochs)),
  );
  expect(Date.now() - start).toBeLessThan(5000);

  const view = await kit.untilView(cluster, 15_000, (seen) => waits(seen, 'failing').length + waits(seen, 'late').length === 0);
  expect(well.epochs).toEqual([1, 2, 3, 5]);
  expect(inOrder(failing.epochs)).toEqual([1, 2, 3, 5]);
  expect(failing.epochs.filter((epoch) => epoch === 1)).toHaveLength(3);
  expect(late.epochs).toEqual([1, 2, 3, 5]);
  expect(waits(view, 'dead')).toEqual([1, 2, 3, 5]);
  expect(view.subscribers.find(({ name }) => name === 'dead')?.lastError).toMatch(/ECONNREFUSED/);
  expect(view.subscribers.find(({ name }) => name === 'well')?.confirmed).toMatchObject({ epoch: 5 });

  for (const { headers, body, announcement } of [...well.deliveries, ...failing.deliveries]) {
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(announcement);
    expect(headers['webhook-id']).toBe(announcement.id);
  }
  expect(well.deliveries[3]?.announcement).toMatchObject({
    ...announcementOf({ ...cluster, epoch: 5 }, '', 'primary'),
    at: expect.any(String) as string,
  });

  // News is a reason to try again at once.
  const alive = await kit.receiver(dead.port);
  await kit.tell(cluster, 6);
  await kit.untilView(cluster, 3000, (seen) => waits(seen, 'dead').length === 0);
  expect(alive.epochs).toEqual([1, 2, 3, 5, 6]);

  await kit.tell(cluster, 6, 'deleted');
  await simulation.client.workflow.getHandle(announceId('till')).result();
  // Told late, when everything is over: nothing begins anew.
  await kit.tell(cluster, 5);
  expect((await simulation.client.workflow.getHandle(announceId('till')).describe()).status.name).toBe('COMPLETED');
  expect(well.deliveries.at(-1)?.announcement).toMatchObject({ event: 'deleted', epoch: 6 });
});

test('what a subscriber will never take can be skipped by a person; the next change is told again', async () => {
  const target = await kit.receiver();
  target.behaviour = ({ announcement }) => (announcement.epoch < 3 ? 400 : 204);
  const cluster = clusterOf('inn', [hook('picky', target)]);
  await kit.tell(cluster, 1);
  await kit.tell(cluster, 2);
  const named = await kit.untilView(cluster, 5000, (view) => (view.subscribers[0]?.failed ?? 0) > 0);
  expect(named.subscribers[0]?.lastError).toMatch(/answered 400/);
  await simulation.client.workflow.getHandle(announceId('inn')).signal('skip', { subscriber: 'picky', by: 'test' });
  await simulation.client.workflow.getHandle(announceId('inn')).signal('skip', 'nonsense');
  await simulation.client.workflow.getHandle(announceId('inn')).signal('tell', { announcement: 7 });
  await kit.tell(cluster, 3);
  const view = await kit.untilView(cluster, 10_000, (seen) => seen.subscribers[0]?.confirmed?.epoch === 3);
  expect(view.subscribers[0]).toMatchObject({ skipped: 2, waiting: [], failed: 0 });
});

test('a pivot tells at once, also when other members take long; the guard tells of an epoch that came otherwise; a dead subscriber delays nobody', async () => {
  const name = 'kiosk';
  const simulated = simulation.cluster(name);
  const receiver = await kit.receiver();
  const untilEpochs = (...epochs: number[]): Promise<object> =>
    until(`epochs ${epochs.join()}`, 15_000, () =>
      Promise.resolve(receiver.epochs.join() === epochs.join() ? receiver.epochs : `heard ${receiver.epochs.join()}`),
    );
  const subscribers = [hook('well', receiver), hook('dead', { url: 'http://127.0.0.1:9/' })];
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
  const shown = await simulation.client.workflow.getHandle(guardId(name)).query<GuardView>('cluster');
  expect(shown.state).toMatchObject({ epoch: 5 });
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
  expect(waits(await kit.view(simulated.state), 'dead')).toEqual([4, 5, 6]);
  await simulation.client.workflow.getHandle(guardId(name)).signal('stop');
});
