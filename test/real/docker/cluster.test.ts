import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeMemberContainer } from '../../../activities/docker/member-container';
import { ensureVolume } from '../../../activities/docker/volume';
import { greets } from '../../../activities/docker/wait-for-server';
import { openRouter } from '../../../activities/router';
import type { Cluster, Member, Router } from '../../../schemas/topology';
import { Installation } from './support';

jest.setTimeout(120_000);

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.make('dockertest');
});
afterEach(() => installation.end());

const first = <Item>(items: Item[]): Item => items[0] as Item;

async function make(cluster: Cluster, operation = 'create/1'): Promise<void> {
  const { activities } = installation;
  await Promise.all(cluster.members.map((member) => activities.createMember(operation, cluster.definition, member)));
  await Promise.all(cluster.routers.map((router) => activities.createRouter(operation, cluster.definition, cluster, router)));
}

test('a cluster is made, described from labels alone, and removed without a trace', async () => {
  const { activities, env } = installation;
  const definition = installation.definition({ name: 'shop', routers: 2 });
  expect(await activities.describeCluster('shop')).toBeNull();
  const plan = await activities.prepareCluster('create/1', definition);
  expect(plan.members.map(({ name }) => name)).toEqual(['shop-1', 'shop-2']);
  expect(await activities.prepareCluster('create/2', definition)).toEqual(plan);
  await make(plan);
  expect(await activities.describeCluster('shop')).toEqual(plan);
  for (const member of plan.members) expect(await greets(member.address, member.port)).toBe(true);
  for (const router of plan.routers) {
    const admin = await openRouter(env, plan, router, { timeoutMs: 2000 });
    expect(await admin.view()).toMatchObject({ epoch: 0, open: false });
    admin.end();
  }
  // Everything again, as after a crash of the worker at the very end.
  await make(plan, 'create/1');
  expect(await activities.describeCluster('shop')).toEqual(plan);

  const removal = await activities.removeCluster('shop', true);
  expect(removal.kept).toEqual([]);
  expect(removal.removed).toHaveLength(4 + 2 + 2 + 1);
  expect(await installation.objects()).toEqual([]);
  expect(await readdir(join(env.home, 'secrets', 'clusters'))).toEqual([]);
  expect(await activities.removeCluster('shop', true)).toEqual({ removed: [], kept: [] });
});

test('members publish no port; routers publish the ports of the definition on 127.0.0.1 and nothing of the admin port', async () => {
  const { activities, docker } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
  const router = first(plan.routers);
  await make(plan);
  const { container } = first(plan.members);
  for (const name of [container, `${container}.address`]) {
    const found = await docker.getContainer(name).inspect();
    expect(Object.values(found.NetworkSettings.Ports).flat().filter(Boolean)).toEqual([]);
  }
  const { Ports } = (await docker.getContainer(router.container).inspect()).NetworkSettings;
  expect(Ports['3306/tcp']).toEqual([{ HostIp: '127.0.0.1', HostPort: String(router.write.port) }]);
  expect(Ports['3307/tcp']).toEqual([{ HostIp: '127.0.0.1', HostPort: String(router.read.port) }]);
  expect(Ports['3308/tcp'] ?? null).toBeNull();
});

test('no secret is in what the engine shows', async () => {
  const { activities, docker, env } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
  await make(plan);
  const shown: string[] = [];
  for (const { container } of [...plan.members, ...plan.routers]) {
    shown.push(JSON.stringify(await docker.getContainer(container).inspect()));
    shown.push(JSON.stringify(await docker.getContainer(container).top()));
    shown.push(String(await docker.getContainer(container).logs({ stdout: true, stderr: true })));
  }
  shown.push(JSON.stringify(await docker.listNetworks()), JSON.stringify(await docker.listVolumes()));
  const folder = join(env.home, 'secrets', 'clusters', 'shop');
  const secrets: string[] = [];
  for (const name of await readdir(folder)) {
    const value = await readFile(join(folder, name), 'utf8');
    if (value.startsWith('{'))
      secrets.push(...Object.values(JSON.parse(value) as Record<string, string>).filter((pem) => pem.includes('PRIVATE')));
    else secrets.push(value);
  }
  expect(secrets.length).toBeGreaterThanOrEqual(8);
  for (const secret of secrets) {
    const lines = secret.split('\n').filter((line) => line.length > 10 && !line.startsWith('-----'));
    for (const line of lines) expect(shown.some((text) => text.includes(line))).toBe(false);
  }
});

describe('a second run goes on where the first one died', () => {
  let plan: Cluster;
  let member: Member;
  beforeEach(async () => {
    plan = await installation.activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
    member = first(plan.members);
  });
  const finish = async () => {
    await installation.activities.createMember('create/1', plan.definition, member);
    expect(await greets(member.address, member.port)).toBe(true);
  };

  test('after the volume was made', async () => {
    await ensureVolume(installation.env, 'create/1', 'shop', member);
    await finish();
  });

  test('after the container was made', async () => {
    await ensureVolume(installation.env, 'create/1', 'shop', member);
    await makeMemberContainer(installation.env, 'create/1', plan.definition, member);
    await finish();
  });

  test('after it was started, and while another attempt does the same', async () => {
    await Promise.all([finish(), finish(), finish()]);
  });

  test('but nothing is started on a volume that another operation left', async () => {
    await ensureVolume(installation.env, 'create/0', 'shop', member);
    await expect(installation.activities.createMember('create/1', plan.definition, member)).rejects.toMatchObject({
      type: 'AlreadyExists',
    });
  });
});

test('two attempts at preparing the same cluster agree on one plan', async () => {
  const { activities } = installation;
  const definition = installation.definition({ name: 'shop' });
  const plans = await Promise.all([1, 2, 3].map(() => activities.prepareCluster('create/1', definition)));
  expect(plans[1]).toEqual(plans[0]);
  expect(plans[2]).toEqual(plans[0]);
  expect((await installation.objects()).filter((each) => each.startsWith('network'))).toHaveLength(1);
});

test('a member is stopped, which the engine confirms, and started again', async () => {
  const { activities, docker } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
  const member = first(plan.members);
  await activities.createMember('create/1', plan.definition, member);
  expect(await activities.stopMember(member, true)).toEqual({ stopped: true });
  expect(await greets(member.address, member.port)).toBe(false);
  expect(await activities.stopMember(member, true)).toEqual({ stopped: true });
  await activities.startMember(member);
  await activities.startMember(member);
  // A hung server, as `docker pause` makes it, is killed all the same.
  await docker.getContainer(member.container).pause();
  expect(await activities.stopMember(member, true)).toEqual({ stopped: true });
  await activities.startMember(member);
  await docker.getContainer(member.container).pause();
  await activities.startMember(member);
  expect(await greets(member.address, member.port)).toBe(true);
  expect(await activities.stopMember(member, false)).toEqual({ stopped: true });
  await docker.getContainer(member.container).remove();
  expect(await activities.stopMember(member, true)).toEqual({ stopped: true });
  await expect(activities.startMember(member)).rejects.toMatchObject({ type: 'MemberUnreachable' });
});

test('the address of a dead server refuses at once; a lost holder of the address is made anew, and the data stays', async () => {
  const { activities, docker } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
  const member = first(plan.members);
  await activities.createMember('create/1', plan.definition, member);
  const { Id } = await docker.getContainer(member.container).inspect();
  await activities.stopMember(member, true);
  // Longer than the engine needs to tear down the network of a container that ended.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const asked = performance.now();
  expect(await greets(member.address, member.port, 5000)).toBe(false);
  expect(performance.now() - asked).toBeLessThan(200);
  await activities.startMember(member);
  expect((await docker.getContainer(member.container).inspect()).Id).toBe(Id);

  await activities.replaceVolume('rebuild/1', plan.definition, member);
  const rebuilt = first((await activities.describeCluster('shop'))?.members ?? []);
  await docker.getContainer(`${member.container}.address`).remove({ force: true });
  await activities.startMember(rebuilt);
  await activities.startMember(member);
  expect(await greets(member.address, member.port)).toBe(true);
  expect(first((await activities.describeCluster('shop'))?.members ?? [])).toEqual(rebuilt);
});

test('a volume is replaced once, and the old one is kept', async () => {
  const { activities } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
  const member = first(plan.members);
  await activities.createMember('create/1', plan.definition, member);
  expect(await activities.replaceVolume('rebuild/1', plan.definition, member)).toEqual({ kept: member.volume });
  expect(await activities.replaceVolume('rebuild/1', plan.definition, member)).toEqual({ kept: member.volume });
  const again = first((await activities.describeCluster('shop'))?.members ?? []);
  expect(again).toEqual({ ...member, volume: member.volume.replace(/1$/, '2') });
  await activities.startMember(again);
  expect(await greets(member.address, member.port)).toBe(true);
  expect((await installation.objects()).filter((each) => each.startsWith('volume'))).toHaveLength(2);
});

test('deleting keeps the data; a new cluster of this name refuses to start on it', async () => {
  const { activities } = installation;
  const definition = installation.definition({ name: 'shop', replicas: 0 });
  const plan = await activities.prepareCluster('create/1', definition);
  await make(plan);
  const { kept } = await activities.removeCluster('shop', false);
  expect(kept).toEqual([`volume ${first(plan.members).volume}`, 'secrets clusters/shop']);
  expect(await activities.describeCluster('shop')).toBeNull();
  await expect(activities.prepareCluster('create/2', definition)).rejects.toThrow(/kept in volume .*--delete-data/);
  expect(await activities.removeCluster('shop', true, 'create/2')).toMatchObject({ removed: [] });
  expect((await activities.removeCluster('shop', true)).removed).toEqual([`volume ${first(plan.members).volume}`]);
});

test('a port that somebody took in the meantime is chosen again; one that a person asked for is refused', async () => {
  const { activities, docker } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', replicas: 0 }));
  const router = first(plan.routers);
  const other = await activities.prepareCluster('create/2', installation.definition({ name: 'other', replicas: 0 }));
  const thief: Router = { ...first(other.routers), write: router.write };
  await activities.createRouter('create/2', other.definition, other, thief);
  await activities.createRouter('create/1', plan.definition, plan, router);
  const real = first((await activities.describeCluster('shop'))?.routers ?? []);
  expect(real.write.port).not.toBe(router.write.port);
  const { Ports } = (await docker.getContainer(real.container).inspect()).NetworkSettings;
  expect(Ports['3306/tcp']?.[0]?.HostPort).toBe(String(real.write.port));
  await expect(
    activities.prepareCluster('create/3', installation.definition({ name: 'third', ports: { write: router.write.port } })),
  ).rejects.toThrow(new RegExp(`ports.write: port ${router.write.port} on 127.0.0.1 is in use`));
});

test('what is wrong with hosts and images is said before anything is made', async () => {
  const { activities } = installation;
  await expect(
    activities.prepareCluster('create/1', installation.definition({ name: 'shop', hosts: ['east', 'west'] })),
  ).rejects.toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(/hosts.0: east .*hosts.1: west /) as string });
  await expect(
    activities.prepareCluster('create/1', installation.definition({ name: 'shop', image: 'nowhere/nothing:1' })),
  ).rejects.toMatchObject({ type: 'ImageMissing', message: expect.stringContaining('nowhere/nothing:1') as string });
  expect(await installation.objects()).toEqual([]);
});

test('a host with an address publishes servers, routers and admin ports there', async () => {
  // The engine's own bridge: an address of this machine that containers reach as well.
  const bridge = (await installation.docker.getNetwork('bridge').inspect()) as { IPAM: { Config: { Gateway?: string; Subnet: string }[] } };
  const { Gateway, Subnet = '' } = bridge.IPAM.Config[0] ?? {};
  const address = Gateway ?? Subnet.replace(/\.0\/\d+$/, '.1');
  await installation.end();
  installation = await Installation.make('dockertest', address);
  const { activities, env } = installation;
  const plan = await activities.prepareCluster('create/1', installation.definition({ name: 'shop', hosts: ['east'] }));
  await make(plan);
  expect(await activities.describeCluster('shop')).toEqual(plan);
  for (const member of plan.members) {
    expect(member.address).toBe(address);
    expect(await greets(member.address, member.port)).toBe(true);
  }
  expect(new Set(plan.members.map(({ port }) => port)).size).toBe(2);
  const router = first(plan.routers);
  const admin = await openRouter(env, plan, router, { timeoutMs: 2000, exclusive: true });
  await admin.pointAndRelease(first(plan.members), 1);
  expect(await admin.view()).toMatchObject({ epoch: 1, open: true, primary: { address, port: first(plan.members).port } });
  admin.end();
  expect(await greets(router.write.host, router.write.port)).toBe(true);
});
