import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Docker from 'dockerode';

import { ensureAdminCertificates } from '../../../activities/router/certificates';
import { routerConfiguration, routerFiles, routerPorts } from '../../../activities/router/configuration';
import { SecretStore } from '../../../activities/secrets';
import { takenSubnets } from '../../../activities/docker/network';
import { freeSubnets, gatewayAddress, memberAddress, routerAddress } from '../../../activities/docker/subnets';
import { tarOf } from '../../../activities/docker/tar';
import { freePorts } from '../../../platform/ports';
import type { Cluster, Router } from '../../../schemas/topology';

const image = process.env.DRYDOCK_HAPROXY_IMAGE ?? 'drydock/haproxy:3.0';
const instance = `router-test-${process.pid}`;

/** Greets with its name, as a MySQL server greets first, and echoes lines. */
function standIn(name: string, address: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.write(`${name}\n`);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    server.once('error', reject);
    server.listen({ host: address, port, backlog: 1024 }, () => resolve(server));
  });
}

/** One router in front of three stand-ins for servers, on a network of their own. The write port is published on 127.0.0.1 too. */
export class Bench {
  readonly docker = new Docker();
  private constructor(
    readonly cluster: Cluster,
    readonly secrets: SecretStore,
    private readonly folder: string,
    private readonly network: Docker.Network,
    readonly publishedPort: number,
    /** Nobody lives there: packets find no answer. */
    readonly deadAddress: string,
  ) {}

  private readonly containers: Docker.Container[] = [];
  private readonly servers: Server[] = [];

  static async start(): Promise<Bench> {
    const docker = new Docker();
    const host = { name: 'local', engine: docker };
    const folder = await mkdtemp(join(tmpdir(), 'drydock-router-'));
    const networks = freeSubnets(await takenSubnets(host)).reverse();
    const { network, subnet } = await firstThatFits(docker, networks);
    const secrets = new SecretStore(folder);
    const certificates = await ensureAdminCertificates(secrets, 'bench');
    const members = ['bench-1', 'bench-2', 'bench-3'].map((name, index) => ({
      name,
      serverId: index + 1,
      host: 'local',
      // This process itself, as containers of the network reach it.
      address: gatewayAddress(subnet),
      port: 23306 + index,
      container: '',
      volume: '',
    }));
    const address = routerAddress(subnet, 0);
    const router: Router = {
      name: 'router-1',
      host: 'local',
      container: `${instance}-router-1`,
      address,
      adminPort: routerPorts.admin,
      write: { host: address, port: routerPorts.write },
      read: { host: address, port: routerPorts.read },
    };
    const [publishedPort = 0] = await freePorts(1);
    const definition = { name: 'bench' } as Cluster['definition'];
    const bench = new Bench({ definition, members, routers: [router] }, secrets, folder, network, publishedPort, memberAddress(subnet, 15));
    for (const { name, address: at, port } of members) bench.servers.push(await standIn(name, at, port));
    await bench.run(router.container, address, [
      { path: routerFiles.configuration, content: routerConfiguration(definition), mode: 0o444 },
      { path: routerFiles.server, content: certificates.server + certificates.serverKey, mode: 0o400, owner: 472 },
      { path: routerFiles.authority, content: certificates.authority, mode: 0o444 },
    ]);
    await bench.untilListening();
    return bench;
  }

  get router(): Router {
    return this.cluster.routers[0] as Router;
  }

  async restartRouter(): Promise<void> {
    await this.docker.getContainer(this.router.container).restart({ t: 0 });
    await this.untilListening();
  }

  async stop(): Promise<void> {
    for (const server of this.servers) server.close();
    for (const container of this.containers) await container.remove({ force: true, v: true }).catch(() => undefined);
    await this.network.remove().catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }

  async logs(): Promise<string> {
    return String(await this.docker.getContainer(this.router.container).logs({ stdout: true, stderr: true }));
  }

  private async run(name: string, address: string, files: Parameters<typeof tarOf>[0]): Promise<void> {
    const container = await this.docker.createContainer({
      name,
      Image: image,
      Labels: { 'drydock.instance': instance },
      HostConfig: {
        NetworkMode: `${instance}-network`,
        PortBindings: name === this.router.container ? { '3306/tcp': [{ HostIp: '127.0.0.1', HostPort: String(this.publishedPort) }] } : {},
      },
      NetworkingConfig: { EndpointsConfig: { [`${instance}-network`]: { IPAMConfig: { IPv4Address: address } } } },
    });
    this.containers.push(container);
    await container.putArchive(tarOf(files), { path: '/' });
    await container.start();
  }

  private async untilListening(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const client = await Client.open(this.router.address, routerPorts.admin).catch(() => undefined);
      client?.end();
      if (client) return;
      if (attempt > 100) throw new Error(`the router does not listen: ${await this.logs()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Another run of this file may take a subnet in the meantime. */
async function firstThatFits(docker: Docker, subnets: string[]): Promise<{ network: Docker.Network; subnet: string }> {
  for (const subnet of subnets.slice(0, 20)) {
    const made = await docker
      .createNetwork({
        Name: `${instance}-network`,
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
        Labels: { 'drydock.instance': instance },
      })
      .catch((error: Error) => error);
    if (!(made instanceof Error)) return { network: made, subnet };
    if (!/overlap/i.test(made.message)) throw made;
  }
  throw new Error('no free subnet for the test');
}

/** A client as an application has one: it reads what the server greets it with. */
export class Client {
  private text = '';
  private wake: () => void = () => undefined;
  closed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.text += chunk.toString();
      this.wake();
    });
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
    socket.on('error', () => undefined);
  }

  static open(host: string, port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Client(socket));
      });
    });
  }

  /** The next line; `closed` when the other side closed, `silent` when nothing came in time. */
  async line(ms = 1000): Promise<string> {
    const deadline = Date.now() + ms;
    for (;;) {
      const end = this.text.indexOf('\n');
      if (end >= 0) {
        const line = this.text.slice(0, end);
        this.text = this.text.slice(end + 1);
        return line;
      }
      if (this.closed) return 'closed';
      const left = deadline - Date.now();
      if (left <= 0) return 'silent';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  say(line: string): void {
    this.socket.write(`${line}\n`);
  }

  end(): void {
    this.socket.destroy();
  }
}
