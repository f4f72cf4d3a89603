/**
 * Hosts for tests: engines in containers with static addresses on a network of their own, reached over TLS as in an inventory.
 *
 *   const hosts = await TestHosts.start(['ams-1', 'ams-2', 'fra-1']);
 *   process.env.DRYDOCK_INVENTORY = hosts.inventory;
 *   await hosts.kill('fra-1');      // a whole host lost: its engine and everything on it
 *   await hosts.restart('fra-1');
 *   await hosts.cutOff('ams-1');    // a host that lives and reaches nobody
 *   await hosts.plugIn('ams-1');
 *   await hosts.stop();
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import type Docker from 'dockerode';
import { utils as sshUtils } from 'ssh2';
import { stringify } from 'yaml';

import { tarOf } from '../../activities/docker/tar';
import { ensureEngine } from '../../platform/engine';
import { buildFromContexts, builtContent, hashOf } from '../../platform/image-build';
import { baseImage } from '../../platform/image-table';
import { ensureImages } from '../../platform/images';
import { engineOf } from '../../platform/inventory/engine';
import { parseInventory } from '../../platform/inventory/read';
import { fingerprintOf } from '../../platform/inventory/ssh-agent';
import { isAlive } from '../../platform/process';
import type { InventoryHost } from '../../schemas/inventory';
import { type Issued, TestAuthority } from './certificates';

const execute = promisify(execFile);

const imageName = 'drydock/test-host:1';
/** The process that made it: what a killed one left is removed by the next. */
const ownerLabel = 'drydock.test-hosts';

export interface TestHost {
  name: string;
  address: string;
  /** The engine inside; not that which runs the host. */
  engine: Docker;
  container: Docker.Container;
}

interface Material {
  authority: TestAuthority;
  client: Issued;
  sshHost: { public: string; private: string };
  sshClient: { public: string; private: string };
}

export class TestHosts {
  private constructor(
    private readonly docker: Docker,
    private readonly folder: string,
    private readonly network: Docker.Network,
    readonly hosts: TestHost[],
    /** As in the inventory. */
    readonly entries: Partial<InventoryHost>[],
    /** Over SSH instead of TLS, as an inventory would have it. */
    readonly overSsh: Partial<InventoryHost>[],
  ) {}

  /** Ready when every engine answers. */
  static async start(
    names: string[],
    change: (entry: Partial<InventoryHost>, index: number) => Partial<InventoryHost> = (entry) => entry,
  ): Promise<TestHosts> {
    const docker = await ensureEngine(() => undefined);
    await buildImage(docker);
    await sweep(docker);
    const folder = await mkdtemp(join(tmpdir(), 'drydock-hosts-'));
    const { network, prefix } = await makeNetwork(docker);
    const material = await makeMaterial(folder);
    const hosts = await Promise.all(names.map((name, index) => makeHost(docker, network, material, name, `${prefix}.${11 + index}`)));
    const entries = hosts.map(({ name, address }, index) =>
      change({ name, engine: `tcp://${address}:2376`, tls: { ca: 'ca.pem', cert: 'client.pem', key: 'client-key.pem' }, address }, index),
    );
    const parsed = sshUtils.parseKey(material.sshHost.public);
    if (parsed instanceof Error) throw parsed;
    const hostKey = fingerprintOf(parsed.getPublicSSH());
    const overSsh = hosts.map(({ name, address }) => ({
      name,
      address,
      engine: `ssh://root@${address}`,
      ssh: { hostKey, key: 'ssh-key' },
    }));
    const made = new TestHosts(docker, folder, network, hosts, entries, overSsh);
    await made.write(entries);
    await Promise.all(names.map((name) => made.untilAnswers(name)));
    return made;
  }

  /** The file; also for DRYDOCK_INVENTORY. */
  get inventory(): string {
    return join(this.folder, 'inventory.yaml');
  }

  /** Replaces the inventory. */
  async write(entries: Partial<InventoryHost>[], local = false): Promise<void> {
    const text = stringify({ hosts: entries, local });
    await writeFile(this.inventory, text);
    const { hosts } = await parseInventory(text, this.inventory);
    for (const known of hosts) {
      const host = this.hosts.find(({ name }) => name === known.entry.name);
      if (host) host.engine = engineOf(known);
    }
  }

  host(name: string): TestHost {
    const found = this.hosts.find((host) => host.name === name);
    if (!found) throw new Error(`no host ${name}`);
    return found;
  }

  /** A whole host lost. */
  async kill(name: string): Promise<void> {
    await this.host(name).container.kill({ signal: 'SIGKILL' });
  }

  async restart(name: string): Promise<void> {
    await this.host(name).container.start();
    await this.untilAnswers(name);
  }

  /** Its cable is pulled: it lives, reaches nobody, and no connection is closed. */
  async cutOff(name: string): Promise<void> {
    await this.network.disconnect({ Container: this.host(name).container.id, Force: true });
  }

  async plugIn(name: string): Promise<void> {
    const { container, address } = this.host(name);
    await this.network.connect({ Container: container.id, EndpointConfig: { IPAMConfig: { IPv4Address: address } } });
    await this.untilAnswers(name);
  }

  /**
   * Runs a command in a container of a host, from inside that host: also of one that is cut off. Ends when the command does; rejects with what
   * it said when it failed.
   */
  async inside(name: string, container: string, script: string): Promise<string> {
    const outer = this.host(name).container.id;
    const { stdout } = await execute('docker', ['exec', outer, 'docker', 'exec', container, 'bash', '-c', script]);
    return stdout;
  }

  /** An engine that has just started answers, and then not for a moment: until it answered promptly some times in a row. */
  async untilAnswers(name: string): Promise<void> {
    const { engine, container } = this.host(name);
    let prompt = 0;
    for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
      const asked = performance.now();
      const answer: unknown = await engine.info().catch((error: Error) => error);
      prompt = !(answer instanceof Error) && performance.now() - asked < 300 ? prompt + 1 : 0;
      if (prompt === 5) return;
      if (Date.now() > deadline) {
        const words = String(await container.logs({ stdout: true, stderr: true, tail: 20 }));
        throw new Error(`the engine of ${name} does not answer promptly: ${String(answer)}\n${words}`);
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosts.map(({ container }) => container.remove({ force: true, v: true })));
    await this.network.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function buildImage(docker: Docker): Promise<void> {
  const base = baseImage('bookworm');
  await ensureImages(docker, [base], (line) => console.log(line));
  const folder = join(__dirname, 'host-image');
  const content = await hashOf([folder], (await builtContent(docker, base)) ?? '');
  if ((await builtContent(docker, imageName)) === content) return;
  await buildFromContexts(docker, imageName, [folder], { BASE: base }, content);
}

async function makeMaterial(folder: string): Promise<Material> {
  const authority = await TestAuthority.make('hosts of a test');
  const client = await authority.issue('worker');
  const [sshHost, sshClient] = [sshUtils.generateKeyPairSync('ed25519'), sshUtils.generateKeyPairSync('ed25519')];
  await mkdir(folder, { recursive: true });
  const files = {
    'ca.pem': authority.certificate,
    'client.pem': client.certificate,
    'client-key.pem': client.key,
    'ssh-key': sshClient.private,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
  return { authority, client, sshHost, sshClient };
}

/** The first free /24; not of the range in which drydock makes networks, which the hosts do inside. */
async function makeNetwork(docker: Docker): Promise<{ network: Docker.Network; prefix: string }> {
  for (let third = 0; ; third++) {
    const prefix = `10.214.${third}`;
    try {
      const network = await docker.createNetwork({
        Name: `drydock-test-hosts-${process.pid}-${third}`,
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [{ Subnet: `${prefix}.0/24` }] },
        Labels: { [ownerLabel]: String(process.pid) },
      });
      return { network, prefix };
    } catch (error) {
      if (third > 100 || !/overlap/i.test(String(error))) throw error;
    }
  }
}

async function makeHost(docker: Docker, network: Docker.Network, material: Material, name: string, address: string): Promise<TestHost> {
  const server = await material.authority.issue(name, address);
  const container = await docker.createContainer({
    name: `drydock-test-host-${process.pid}-${name}`,
    Image: imageName,
    Hostname: name,
    Labels: { [ownerLabel]: String(process.pid) },
    HostConfig: {
      // Privileged would ask for a capability that not every machine can give.
      CapAdd: ['ALL'],
      CapDrop: ['SYS_RESOURCE'],
      SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
      Binds: ['/sys/fs/cgroup:/sys/fs/cgroup:rw'],
      NetworkMode: network.id,
    },
    NetworkingConfig: { EndpointsConfig: { [network.id]: { IPAMConfig: { IPv4Address: address } } } },
  });
  const files = {
    'ca.pem': material.authority.certificate,
    'server.pem': server.certificate,
    'server-key.pem': server.key,
    'ssh-host-key': material.sshHost.private,
    'authorized-keys': material.sshClient.public,
  };
  const archive = tarOf(
    Object.entries(files).map(([file, content]) => ({ path: `/etc/host/${file}`, content: `${content.trimEnd()}\n`, mode: 0o600 })),
  );
  await container.putArchive(archive, { path: '/' });
  await container.start();
  return { name, address, container, engine: docker };
}

/** Ends what a test run that was killed left. */
async function sweep(docker: Docker): Promise<void> {
  const filters = { label: [ownerLabel] };
  const dead = (found: Record<string, string> | undefined): boolean => !isAlive(Number(found?.[ownerLabel]));
  for (const { Id, Labels } of await docker.listContainers({ all: true, filters }))
    if (dead(Labels)) await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { Id, Labels } of await docker.listNetworks({ filters })) if (dead(Labels)) await docker.getNetwork(Id).remove();
}
