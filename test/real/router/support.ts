import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Docker from 'dockerode';

import { ensureAdminCertificates } from '../../../activities/router/certificates';
import { routerConfiguration, routerFiles, routerPorts } from '../../../activities/router/configuration';
import { SecretStore } from '../../../activities/secrets';
import { tarOf } from '../../../activities/docker/tar';
import type { Cluster, Router } from '../../../schemas/topology';

const image = process.env.DRYDOCK_HAPROXY_IMAGE ?? 'drydock/haproxy:3.0';
const instance = `router-test-${process.pid}`;

/** Greets with its name as a MySQL server greets first, and echoes lines. */
const echoScript = (name: string) => `core.register_service("echo", "tcp", function(applet)
  applet:send("${name}\\n")
  while true do
    local line = applet:getline()
    if line == nil or #line == 0 then break end
    applet:send(line)
  end
end)
`;

export class Bench {
  readonly docker = new Docker();
  readonly cluster: Cluster;
  readonly router: Router;
  secrets!: SecretStore;
  private folder = '';
  private network?: Docker.Network;
  private readonly containers: Docker.Container[] = [];

  constructor(private readonly subnet: string) {
    const address = (last: number) => this.subnet.replace(/\.\d+\/\d+$/, `.${last}`);
    this.router = {
      name: 'router-1',
      host: 'local',
      container: `${instance}-router-1`,
      address: address(34),
      adminPort: routerPorts.admin,
      write: { host: address(34), port: routerPorts.write },
      read: { host: address(34), port: routerPorts.read },
    };
    this.cluster = {
      definition: { name: 'bench' } as Cluster['definition'],
      members: ['bench-1', 'bench-2', 'bench-3'].map((name, index) => ({
        name,
        serverId: index + 1,
        host: 'local',
        address: address(40 + index),
        port: 3306,
        container: `${instance}-${name}`,
        volume: '',
      })),
      routers: [this.router],
    };
  }

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'drydock-router-'));
    this.secrets = new SecretStore(this.folder);
    const certificates = await ensureAdminCertificates(this.secrets, 'bench');
    this.network = await this.docker.createNetwork({
      Name: `${instance}-network`,
      Driver: 'bridge',
      IPAM: { Driver: 'default', Config: [{ Subnet: this.subnet }] },
      Labels: { 'drydock.instance': instance },
    });
    for (const member of this.cluster.members)
      await this.run(member.container, member.address, [
        { path: '/etc/haproxy/echo.lua', content: echoScript(member.name), mode: 0o644 },
        {
          path: '/etc/haproxy/haproxy.cfg',
          content: `global\n  lua-load /etc/haproxy/echo.lua\n  nbthread 1\ndefaults\n  mode tcp\n  timeout client 1h\n  timeout server 1h\n  timeout connect 1s\nfrontend f\n  bind :3306\n  tcp-request content use-service lua.echo\n`,
          mode: 0o644,
        },
      ]);
    await this.run(this.router.container, this.router.address, [
      { path: routerFiles.configuration, content: routerConfiguration(this.cluster.definition), mode: 0o444 },
      { path: routerFiles.server, content: certificates.server + certificates.serverKey, mode: 0o400, owner: 472 },
      { path: routerFiles.authority, content: certificates.authority, mode: 0o444 },
    ]);
    await this.untilListening();
  }

  async restartRouter(): Promise<void> {
    await this.docker.getContainer(this.router.container).restart({ t: 0 });
    await this.untilListening();
  }

  async stop(): Promise<void> {
    for (const container of this.containers) await container.remove({ force: true, v: true }).catch(() => undefined);
    await this.network?.remove().catch(() => undefined);
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
      HostConfig: { NetworkMode: `${instance}-network` },
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
