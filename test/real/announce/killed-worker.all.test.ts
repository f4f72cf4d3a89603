/** A worker process that dies in the middle of a delivery. */
import { Client, Connection } from '@temporalio/client';

import { startWorker, type WorkerHandle, workerPolls } from '../../../platform/worker';
import { announceId } from '../../../schemas/names';
import { TestTemporal } from '../../support/temporal';
import { until } from '../../support/test-cluster';
import { AnnounceKit, clusterOf, hook, inOrder, waits } from './kit';

let temporal: TestTemporal;
let client: Client;
let kit: AnnounceKit;
let workers: WorkerHandle[];

async function startOne(name: string): Promise<WorkerHandle> {
  const worker = await startWorker({ home: temporal.home, name, address: temporal.address, namespace: 'default', detached: false });
  await workerPolls(worker, client.connection as Connection, 'default');
  return worker;
}

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  kit = new AnnounceKit(client);
  await AnnounceKit.putSecret(temporal.home.secrets, 'a key of the tests');
  workers = await Promise.all([startOne('worker-1'), startOne('worker-2')]);
});

afterAll(async () => {
  await kit?.close();
  for (const worker of workers ?? []) worker.kill();
  await client?.connection.close();
  await temporal?.stop();
});

test('a worker that is killed in the middle of a delivery: another one delivers it again, before anything later', async () => {
  const target = await kit.receiver();
  let release: (() => void) | undefined;
  target.behaviour = (_, response) => {
    if (release) return 204;
    release = () => response.destroy();
    return undefined;
  };
  const cluster = clusterOf('bar', [hook('only', target)]);
  await kit.tell(cluster, 1);
  await until('the first attempt', 5000, () => Promise.resolve(target.deliveries.length > 0 ? target.deliveries : 'nothing'));
  await kit.tell(cluster, 2);
  const { raw } = await client.workflow.getHandle(announceId('bar')).describe();
  const identity = raw.pendingActivities?.[0]?.lastWorkerIdentity ?? '';
  const holder = workers.find(({ pid }) => identity.startsWith(`${pid}@`));
  expect(holder).toBeDefined();
  holder?.kill();
  await kit.untilView(cluster, 30_000, (view) => waits(view, 'only').length === 0);
  expect(inOrder(target.epochs)).toEqual([1, 2]);
  expect(target.epochs.filter((epoch) => epoch === 1)).toHaveLength(2);
  expect(new Set(target.deliveries.slice(0, 2).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});
