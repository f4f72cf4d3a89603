/** One host of an inventory, as drydock sees it: reached by TLS and by SSH, given images, lost, and back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import Docker from 'dockerode';
import pino from 'pino';

import { bringImages } from '../../../activities/docker/bring-images';
import { describeCluster } from '../../../activities/docker/describe';
import type { ActivityEnvironment, Host } from '../../../activities/environment';
import { containerState } from '../../../activities/guard/containers';
import { stopMember } from '../../../activities/docker/member';
import { ensureNetwork } from '../../../activities/docker/network';
import { planCluster } from '../../../activities/docker/plan';
import { SecretStore } from '../../../activities/secrets';
import { engineOf } from '../../../platform/inventory/engine';
import { parseInventory } from '../../../platform/inventory/read';
import { hostReports } from '../../../platform/inventory/report';
import { removeObjects } from '../../../platform/objects';
import { clusterDefinition } from '../../../schemas/cluster';
import type { Member } from '../../../schemas/topology';
import { nothingAdopted } from '../docker/support';
import { TestHosts } from '../../support/test-hosts';

const image = 'drydock/haproxy:3.0';

let hosts: TestHosts;
let home: string;
let host: Host;
let env: ActivityEnvironment;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'drydock-hosts-home-'));
  hosts = await TestHosts.start(['east']);
  const { engine, address } = hosts.host('east');
  host = { name: 'east', engine, address };
  env = {
    instance: `hosttest${process.pid}`,
    home,
    secrets: new SecretStore(join(home, 'secrets')),
    hosts: new Map([['east', host]]),
    imageSource: new Docker(),
    client: nothingAdopted,
    log: pino({ level: 'silent' }),
  };
});
afterAll(async () => {
  await removeObjects(new Docker(), env.instance);
  await hosts?.stop();
  await rm(home, { recursive: true, force: true });
});

const inActivity = async <Result>(work: () => Promise<Result>): Promise<{ result: Result; heartbeats: unknown[] }> => {
  const activity = new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') });
  const heartbeats: unknown[] = [];
  activity.on('heartbeat', (details: unknown) => heartbeats.push(details));
  return { result: await activity.run(work), heartbeats };
};

const timed = async <Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> => {
  const began = performance.now();
  const result = await work();
  return { result, ms: performance.now() - began };
};

const refusal = (error: Error): string => error.message;

test('it is reached with the certificate of the inventory, and by nobody without', async () => {
  const [report] = await hostReports({ root: home, file: hosts.inventory });
  expect(report?.problem).toBeUndefined();
  expect(report).toMatchObject({ name: 'east', answers: true, apiVersion: '1.41', members: [], complaints: [] });
  expect(Math.abs(report?.clockSkewMs ?? Infinity)).toBeLessThan(1000);
  const { address } = hosts.host('east');
  const stranger = new Docker({ protocol: 'https', host: address, port: 2376, ca: '' });
  expect(await stranger.ping().catch(refusal)).toMatch(/certificate/);
});

test('over SSH, when its key is the one that is expected', async () => {
  const [entry] = hosts.overSsh;
  const read = async (change: object = {}) => {
    const text = JSON.stringify({ hosts: [{ ...entry, ssh: { ...entry?.ssh, ...change } }] });
    return (await parseInventory(text, hosts.inventory)).hosts.map(engineOf)[0] as Docker;
  };
  const engine = await read();
  const answers = await Promise.all(Array.from({ length: 10 }, () => engine.info() as Promise<{ Name: string }>));
  expect(new Set(answers.map(({ Name }) => Name))).toEqual(new Set(['east']));
  expect(await (await read({ hostKey: `SHA256:${'A'.repeat(43)}` })).ping().catch(refusal)).toMatch(/verification failed/);
});

test('it is brought an image that it lacks, once', async () => {
  const bring = () => inActivity(() => bringImages(env, [host], [image, 'nowhere/nothing:1']));
  const { heartbeats } = await bring();
  expect(heartbeats.at(-1)).toMatchObject({ step: `${image} to host east`, bytes: expect.any(Number) as number });
  const here = await new Docker().getImage(image).inspect();
  expect((await host.engine.getImage(image).inspect()).Id).toBe(here.Id);
  expect((await bring()).heartbeats).toEqual([]);
});

test('lost, it holds up no look; back, it answers', async () => {
  const member = { host: 'east', container: 'drydock.hosttest.none' } as Member;
  expect(await containerState(env, member)).toBe('missing');
  expect(await describeCluster(env, 'shop')).toBeNull();
  // Another host knows the cluster.
  const other: Host = { name: 'other', engine: new Docker(), address: '192.0.2.1' };
  env.hosts.set('other', other);
  const definition = clusterDefinition.parse({ name: 'shop', engine: 'mysql', version: '8.0', hosts: ['east', 'other'] });
  let port = 20_000;
  const plan = await ensureNetwork(other, env.instance, 'test', 'shop', (subnet) =>
    Promise.resolve(planCluster(definition, [host, other], subnet, env.instance, () => port++)),
  );
  expect(await describeCluster(env, 'shop')).toEqual(plan);

  await hosts.kill('east');
  const state = await timed(() => containerState(env, member));
  expect(state.result).toBe('unknown');
  expect(state.ms).toBeLessThan(2500);
  // Its members are counted all the same.
  const lost = await timed(() => describeCluster(env, 'shop'));
  expect(lost.result).toEqual(plan);
  expect(lost.ms).toBeLessThan(2500);
  // One that is known to be silent costs the looks of a pivot next to nothing.
  const again = await timed(() => describeCluster(env, 'shop'));
  expect(again.result).toEqual(plan);
  expect(again.ms).toBeLessThan(500);
  // Whether it has a cluster of which nobody else knows can not be told.
  expect(await describeCluster(env, 'unknown').catch(refusal)).toMatch(/engine of host east does not answer/);
  expect(await hostReports({ root: home, file: hosts.inventory })).toMatchObject([{ name: 'east', answers: false }]);

  await hosts.restart('east');
  expect(await containerState(env, member)).toBe('missing');
  expect(await describeCluster(env, 'unknown')).toBeNull();
  // It has no such container, and never heard of the cluster: that proves nothing. The other one knows the cluster.
  const { container } = plan.members[0] as Member;
  expect(await stopMember(env, { host: 'east', container }, true)).toEqual({ stopped: false });
  expect(await stopMember(env, { host: 'other', container }, true)).toEqual({ stopped: true });
  expect(await hostReports({ root: home, file: hosts.inventory })).toMatchObject([{ answers: true }]);
});
