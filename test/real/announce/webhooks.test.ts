/** Announcements by real worker processes on a real Temporal server, to servers that fail, are slow, are dead, or answer late. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { Webhook } from 'standardwebhooks';

import { tellSubscribers } from '../../../activities/announce/tell';
import { startWorker, type WorkerHandle, workerPolls } from '../../../platform/worker';
import { type AnnouncementsView, announcementOf } from '../../../schemas/announcement';
import { announceId } from '../../../schemas/names';
import type { Subscriber } from '../../../schemas/subscribers';
import type { ClusterState } from '../../../schemas/topology';
import { Receiver } from '../../support/receiver';
import { TestTemporal } from '../../support/temporal';
import { until } from '../../support/test-cluster';
import { state } from '../../unit/pivot/builders';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
let temporal: TestTemporal;
let client: Client;
let workers: WorkerHandle[];
const receivers: Receiver[] = [];

const startOne = async (name: string): Promise<WorkerHandle> => {
  const worker = await startWorker({ home: temporal.home, name, address: temporal.address, namespace: 'default', detached: false });
  await workerPolls(worker, client.connection as Connection, 'default');
  return worker;
};

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  await mkdir(join(temporal.home.secrets, 'subscribers'), { recursive: true });
  await writeFile(join(temporal.home.secrets, 'subscribers', 'test'), `${secret}\n`, { mode: 0o600 });
  workers = await Promise.all([startOne('worker-1'), startOne('worker-2')]);
});

afterAll(async () => {
  for (const receiver of receivers) await receiver.close();
  for (const worker of workers ?? []) worker.kill();
  await client?.connection.close();
  await temporal?.stop();
});

async function receiver(port?: number): Promise<Receiver> {
  const made = await Receiver.listen(port);
  receivers.push(made);
  return made;
}

const hook = (name: string, { url }: { url: string }): Subscriber => ({ name, webhook: { url, secret: 'subscribers/test' } });

function clusterOf(name: string, subscribers: Subscriber[]): ClusterState {
  const simulated = state({ name });
  return { ...simulated, created: '2026-11-26T10:00:00.000Z', definition: { ...simulated.definition, subscribers } };
}

const tell = (cluster: ClusterState, epoch: number, event: 'primary' | 'deleted' = 'primary'): Promise<void> =>
  tellSubscribers(client, { ...cluster, epoch }, event, undefined);

const viewOf = (cluster: ClusterState): Promise<AnnouncementsView> =>
  client.workflow.getHandle(announceId(cluster.definition.name)).query<AnnouncementsView>('announcements');

const untilView = (cluster: ClusterState, timeoutMs: number, wanted: (view: AnnouncementsView) => boolean): Promise<AnnouncementsView> =>
  until('announcements', timeoutMs, async () => {
    const view = await viewOf(cluster);
    return wanted(view) ? view : JSON.stringify(view);
  });

const waits = (view: AnnouncementsView, name: string): number[] =>
  view.subscribers.find((each) => each.name === name)?.waiting.map(({ epoch }) => epoch) ?? [];

/** Without repetitions, which retries may be. */
const inOrder = (epochs: number[]): number[] => epochs.filter((epoch, index) => epochs[index - 1] !== epoch);

test('each hears every change in order, signed; who fails, is slow or dead holds nobody up and is named until it confirmed', async () => {
  const [well, failing, late, dead] = [await receiver(), await receiver(), await receiver(), await receiver()];
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
  for (const epoch of [1, 2, 3, 5]) await tell(cluster, epoch);
  // Told again and told late: nothing new for anybody.
  await tell(cluster, 2);
  await until('all changes at the one that is well', 5000, () =>
    Promise.resolve(well.epochs.length === 4 ? well.epochs : JSON.stringify(well.epochs)),
  );
  expect(Date.now() - start).toBeLessThan(5000);

  const view = await untilView(cluster, 15_000, (seen) => waits(seen, 'failing').length + waits(seen, 'late').length === 0);
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

  const alive = await receiver(dead.port);
  await untilView(cluster, 20_000, (seen) => waits(seen, 'dead').length === 0);
  expect(alive.epochs).toEqual([1, 2, 3, 5]);

  await tell(cluster, 5, 'deleted');
  await client.workflow.getHandle(announceId('till')).result();
  expect(well.deliveries.at(-1)?.announcement).toMatchObject({ event: 'deleted', epoch: 5 });
});

test('a worker that is killed in the middle of a delivery: another one delivers it again, before anything later', async () => {
  const target = await receiver();
  let release: (() => void) | undefined;
  target.behaviour = (_, response) => {
    if (release) return 204;
    release = () => response.destroy();
    return undefined;
  };
  const cluster = clusterOf('bar', [hook('only', target)]);
  await tell(cluster, 1);
  await until('the first attempt', 5000, () => Promise.resolve(target.deliveries.length > 0 ? target.deliveries : 'nothing'));
  await tell(cluster, 2);
  const { raw } = await client.workflow.getHandle(announceId('bar')).describe();
  const identity = raw.pendingActivities?.[0]?.lastWorkerIdentity ?? '';
  const holder = workers.find(({ pid }) => identity.startsWith(`${pid}@`));
  expect(holder).toBeDefined();
  holder?.kill();
  await untilView(cluster, 30_000, (view) => waits(view, 'only').length === 0);
  expect(inOrder(target.epochs)).toEqual([1, 2]);
  expect(target.epochs.filter((epoch) => epoch === 1)).toHaveLength(2);
  expect(new Set(target.deliveries.slice(0, 2).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('what a subscriber will never take can be skipped by a person; the next change is told again', async () => {
  const target = await receiver();
  target.behaviour = ({ announcement }) => (announcement.epoch < 3 ? 400 : 204);
  const cluster = clusterOf('inn', [hook('picky', target)]);
  await tell(cluster, 1);
  await tell(cluster, 2);
  const named = await untilView(cluster, 5000, (view) => (view.subscribers[0]?.failed ?? 0) > 0);
  expect(named.subscribers[0]?.lastError).toMatch(/answered 400/);
  await client.workflow.getHandle(announceId('inn')).signal('skip', { subscriber: 'picky', by: 'test' });
  await client.workflow.getHandle(announceId('inn')).signal('skip', 'nonsense');
  await client.workflow.getHandle(announceId('inn')).signal('tell', { announcement: 7 });
  await tell(cluster, 3);
  const view = await untilView(cluster, 10_000, (seen) => seen.subscribers[0]?.confirmed?.epoch === 3);
  expect(view.subscribers[0]).toMatchObject({ skipped: 2, waiting: [], failed: 0 });
});
