/** Keys of a real etcd and a real Consul. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { MockActivityEnvironment } from '@temporalio/testing';
import Docker from 'dockerode';

import { deliver } from '../../../activities/announce/deliver';
import { SecretStore } from '../../../activities/secrets';
import { ensureEngine } from '../../../platform/engine';
import { ensureImages } from '../../../platform/images';
import type { Announcement } from '../../../schemas/announcement';
import { labels } from '../../../schemas/names';
import type { Subscriber } from '../../../schemas/subscribers';
import { installQuietRuntime } from '../../support/quiet-runtime';
import { change, madeAgain } from '../../unit/announce/builders';

const images = { etcd: 'drydock/etcd:3.4', consul: 'drydock/consul:1.8' };
const engine = new Docker();
const containers: Docker.Container[] = [];
let secrets: SecretStore;
let folder: string;
let etcd: string;
let consul: string;

beforeAll(async () => {
  installQuietRuntime();
  folder = await mkdtemp(join(tmpdir(), 'drydock-stores-'));
  secrets = new SecretStore(folder);
  const say = () => undefined;
  await ensureEngine(say);
  await ensureImages(engine, Object.values(images), say);
  [etcd, consul] = await Promise.all([serve(images.etcd, 2379, '/version'), serve(images.consul, 8500, '/v1/kv/?keys')]);
});

afterAll(async () => {
  for (const container of containers) await container.remove({ force: true, v: true });
  await rm(folder, { recursive: true, force: true });
});

/** Starts a server and waits until it answers with anything but an error of its own. */
async function serve(image: string, port: number, path: string): Promise<string> {
  const container = await engine.createContainer({ Image: image, Labels: { [labels.kind]: 'test' } });
  containers.push(container);
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const url = `http://${NetworkSettings.Networks['bridge']?.IPAddress ?? ''}:${port}`;
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    const status = await fetch(url + path).then(
      (response) => response.status,
      () => 0,
    );
    if (status > 0 && status < 500) return url;
  }
  throw new Error(`${image} did not answer at ${url}`);
}

const attempt = (subscriber: Subscriber, announcement: Announcement): Promise<string> =>
  new MockActivityEnvironment().run(() => deliver(secrets, subscriber, announcement));

const inEtcd = async (key: string): Promise<Announcement | undefined> => {
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64') });
  const { kvs } = (await (await fetch(`${etcd}/v3/kv/range`, { method: 'POST', body })).json()) as { kvs?: { value: string }[] };
  return kvs?.[0] && (JSON.parse(Buffer.from(kvs[0].value, 'base64').toString()) as Announcement);
};
const inConsul = async (key: string): Promise<Announcement | undefined> => {
  const response = await fetch(`${consul}/v1/kv/${key}?raw`);
  return response.status === 404 ? undefined : ((await response.json()) as Announcement);
};

const stores: Record<string, { subscriber: (key: string) => Subscriber; read: (key: string) => Promise<Announcement | undefined> }> = {
  // The first member does not answer: the next one is asked.
  etcd: {
    subscriber: (key) => ({ name: 'store', etcd: { urls: ['http://127.0.0.1:9', etcd], key } }),
    read: (key) => inEtcd(key),
  },
  consul: { subscriber: (key) => ({ name: 'store', consul: { url: consul, key } }), read: (key) => inConsul(key) },
};

describe.each(Object.entries(stores))('%s', (_, { subscriber, read }) => {
  test('holds the newest; an earlier epoch never overwrites a later one', async () => {
    const store = subscriber('drydock/db');
    expect(await attempt(store, change(1))).toBe('confirmed');
    expect(await read('drydock/db')).toEqual(change(1));
    expect(await attempt(store, change(3))).toBe('confirmed');
    expect(await attempt(store, change(3))).toBe('confirmed');
    expect(await attempt(store, change(2))).toBe('superseded');
    expect(await read('drydock/db')).toMatchObject({ epoch: 3 });
  });

  test('many attempts at once end with the latest', async () => {
    const store = subscriber('drydock/race');
    await Promise.allSettled([4, 1, 5, 2, 3].map((epoch) => attempt(store, change(epoch))));
    await attempt(store, change(5));
    expect(await read('drydock/race')).toMatchObject({ epoch: 5 });
    await Promise.allSettled([6, 4, 9, 7, 8].map((epoch) => attempt(store, change(epoch))));
    expect((await read('drydock/race'))?.epoch).toBeGreaterThanOrEqual(6);
  });

  test('a deleted cluster takes its key with it; a new one of the name writes it again', async () => {
    const store = subscriber('drydock/gone');
    await attempt(store, change(7));
    expect(await attempt(store, change(7, { event: 'deleted' }))).toBe('confirmed');
    expect(await read('drydock/gone')).toBeUndefined();
    expect(await attempt(store, change(7, { event: 'deleted' }))).toBe('confirmed');
    await attempt(store, change(1, { created: madeAgain }));
    expect(await attempt(store, change(8))).toBe('superseded');
    expect(await read('drydock/gone')).toMatchObject({ epoch: 1, created: madeAgain });
  });

  test("somebody else's value stays, and is named", async () => {
    const value = 'not ours';
    await fetch(`${consul}/v1/kv/drydock/taken`, { method: 'PUT', body: value });
    const body = JSON.stringify({ key: Buffer.from('drydock/taken').toString('base64'), value: Buffer.from(value).toString('base64') });
    await fetch(`${etcd}/v3/kv/put`, { method: 'POST', body });
    await expect(attempt(subscriber('drydock/taken'), change(1))).rejects.toThrow(/drydock\/taken of \w+ holds something/);
  });
});

test('etcd with users: the password is read from its file, and a wrong one is named without being told', async () => {
  const call = (path: string, body: object): Promise<Response> => fetch(etcd + path, { method: 'POST', body: JSON.stringify(body) });
  await secrets.ensure('subscribers/etcd', () => 'correct horse battery');
  await secrets.ensure('subscribers/wrong', () => 'wrong horse battery');
  await call('/v3/auth/user/add', { name: 'root', password: 'correct horse battery' });
  await call('/v3/auth/user/grant', { user: 'root', role: 'root' });
  expect((await call('/v3/auth/enable', {})).status).toBe(200);
  const store = (password: string): Subscriber => ({ name: 's', etcd: { urls: [etcd], key: 'drydock/auth', user: 'root', password } });
  expect(await attempt(store('subscribers/etcd'), change(2))).toBe('confirmed');
  const failed = await attempt(store('subscribers/wrong'), change(3)).catch((error: Error) => error.message);
  expect(failed).toMatch(/answered 4\d\d.*authentication failed/);
  expect(failed).not.toContain('horse');
  expect(await attempt(store('subscribers/etcd'), change(1))).toBe('superseded');
});
