/** Servers of one version on a network of their own, for tests of the mysql folder alone: no docker folder, no Temporal. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Docker from 'dockerode';
import { pino } from 'pino';

import type { ActivityEnvironment } from '../../../activities/environment';
import { flavorOf } from '../../../activities/mysql/flavors';
import { initialiseMember } from '../../../activities/mysql/initialise';
import { serverArguments } from '../../../activities/mysql/server-arguments';
import { createConnect, open } from '../../../activities/mysql/session';
import type { Flavor, Session } from '../../../activities/mysql/types';
import { SecretStore } from '../../../activities/secrets';
import { clusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import { accounts, passwordRef, type Purpose } from '../../../schemas/names';
import type { Cluster, Member } from '../../../schemas/topology';

export interface Version {
  engine: 'mysql' | 'mariadb';
  version: string;
}

const docker = new Docker({ socketPath: '/var/run/docker.sock' });
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Servers {
  env: ActivityEnvironment;
  cluster: Cluster;
  members: [Member, Member, Member];
  connect(member: Member, purpose?: Purpose, manyStatements?: boolean): Promise<Session>;
  flavor(session: Session): Flavor;
  container(member: Member): Docker.Container;
  /** Makes `member` replicate from `source` as an operation would. */
  follow(member: Member, source: Member): Promise<void>;
  fileOf(member: Member, path: string): Promise<string>;
  /** SQL as root on the server's own socket. */
  asRoot(member: Member, sql: string): Promise<void>;
  /** The member again on an empty volume, initialised. */
  renew(member: Member): Promise<void>;
  stop(): Promise<void>;
}

/** What a test wants of a container beyond the usual. */
export type Extra = (member: Member, instance: string) => Docker.HostConfig;

export async function startServers(which: Version, options: Partial<ClusterFile> = {}, extra: Extra = () => ({})): Promise<Servers> {
  const instance = `mysql-test-${randomBytes(4).toString('hex')}`;
  const home = await mkdtemp(join(tmpdir(), 'drydock-mysql-'));
  const secrets = new SecretStore(join(home, 'secrets'));
  const definition = clusterDefinition.parse({ name: 'lab', engine: which.engine, version: which.version, ...options });
  for (const purpose of Object.keys(accounts) as Purpose[]) await secrets.ensure(passwordRef('lab', purpose));
  const rootPassword = join(home, 'root');
  await writeFile(rootPassword, await secrets.read(passwordRef('lab', 'root')));
  await chmod(rootPassword, 0o644);
  const { network, prefix } = await createNetwork(instance);
  const members = [1, 2, 3].map((number): Member => ({
    name: `db-${number}`,
    serverId: number,
    host: 'local',
    address: `${prefix}.${number + 1}`,
    port: 3306,
    container: `${instance}-db-${number}`,
    volume: '',
  })) as [Member, Member, Member];
  const cluster: Cluster = {
    definition,
    members,
    routers: [
      {
        name: 'router-1',
        host: 'local',
        container: '',
        address: `${prefix}.1`,
        adminPort: 0,
        write: { host: '', port: 0 },
        read: { host: '', port: 0 },
      },
    ],
  };
  const env = {
    instance,
    home,
    secrets,
    hosts: new Map([['local', { name: 'local', engine: docker }]]),
    log: pino({ level: 'silent' }),
  } as unknown as ActivityEnvironment;
  const connect = createConnect(env);
  const container = (member: Member): Docker.Container => docker.getContainer(member.container);
  const stop = async (): Promise<void> => {
    for (const member of members)
      await container(member)
        .remove({ force: true, v: true })
        .catch(() => undefined);
    await network.remove().catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  };
  const servers: Servers = {
    env,
    cluster,
    members,
    connect: (member, purpose = 'operation', manyStatements = false) => connect('lab', member, { purpose, manyStatements }),
    flavor: (session) => flavorOf(session),
    container,
    follow: async (member, source) => {
      const from = await connect('lab', source, { purpose: 'operation' });
      const session = await connect('lab', member, { purpose: 'operation' });
      try {
        const flavor = flavorOf(session);
        const password = await secrets.read(passwordRef('lab', 'replication'));
        const at = flavor.gtid ? undefined : await flavorOf(from).ownBinlog(from);
        await flavor.follow(session, { address: source.address, port: source.port, user: accounts.replication, password }, at);
      } finally {
        session.end();
        from.end();
      }
    },
    fileOf: async (member, path) => {
      const exec = await container(member).exec({ Cmd: ['cat', path], AttachStdout: true, Tty: true });
      const stream = await exec.start({ hijack: true, stdin: false });
      const parts: Buffer[] = [];
      for await (const part of stream) parts.push(part as Buffer);
      return Buffer.concat(parts).toString('utf8');
    },
    asRoot: async (member, sql) => {
      const script =
        'exec "$(command -v mysql || command -v mariadb)" -uroot -p"$(cat /run/secrets/root)" -S /run/mysqld/mysqld.sock -e "$0"';
      const exec = await container(member).exec({ Cmd: ['bash', '-c', script, sql], AttachStdout: true, AttachStderr: true, Tty: true });
      const stream = await exec.start({ hijack: true, stdin: false });
      let said = '';
      for await (const part of stream) said += String(part);
      if ((await exec.inspect()).ExitCode !== 0) throw new Error(said);
    },
    renew: async (member) => {
      await container(member).remove({ force: true, v: true });
      await createServer(instance, servers, member, rootPassword, extra);
      await waitForServer(member, await secrets.read(passwordRef('lab', 'root')));
      await initialiseMember(env, cluster, member);
    },
    stop,
  };
  try {
    for (const member of members) await createServer(instance, servers, member, rootPassword, extra);
    for (const member of members) {
      await waitForServer(member, await secrets.read(passwordRef('lab', 'root')));
      await initialiseMember(env, cluster, member);
    }
  } catch (error) {
    for (const member of members) {
      const logs = await container(member)
        .logs({ stdout: true, stderr: true, tail: 15 })
        .catch(() => Buffer.from(''));
      process.stderr.write(`${member.name}: ${String(logs)}\n`);
    }
    await stop();
    throw error;
  }
  return servers;
}

async function createNetwork(instance: string): Promise<{ network: Docker.Network; prefix: string }> {
  for (let attempt = 0; ; attempt++) {
    const prefix = `10.214.${Math.floor(Math.random() * 250)}`;
    try {
      const network = await docker.createNetwork({
        Name: instance,
        Labels: { 'drydock.instance': instance },
        IPAM: { Config: [{ Subnet: `${prefix}.0/28` }] },
      });
      return { network, prefix };
    } catch (error) {
      if (attempt > 5) throw error;
    }
  }
}

async function createServer(instance: string, servers: Servers, member: Member, rootPassword: string, extra: Extra): Promise<void> {
  const { definition } = servers.cluster;
  const container = await docker.createContainer({
    name: member.container,
    Image: definition.image ?? `drydock/${definition.engine}:${definition.version}`,
    Cmd: serverArguments(definition, member),
    Env: ['MYSQL_ROOT_PASSWORD_FILE=/run/secrets/root', 'MARIADB_ROOT_PASSWORD_FILE=/run/secrets/root'],
    Labels: { 'drydock.instance': instance },
    HostConfig: { Binds: [`${rootPassword}:/run/secrets/root:ro`], NetworkMode: instance, ...extra(member, instance) },
    NetworkingConfig: { EndpointsConfig: { [instance]: { IPAMConfig: { IPv4Address: member.address } } } },
  });
  await container.start();
}

export async function waitForServer(member: Member, rootPassword: string, user: string = accounts.root): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      (await open(member, user, rootPassword)).end();
      return;
    } catch (error) {
      if (attempt > 150) throw error;
      await sleep(200);
    }
  }
}

/** A session of the operation account that the suite ends with the others. */
export async function openSession(servers: Servers, sessions: Session[], member: Member, purpose: Purpose = 'operation'): Promise<Session> {
  const session = await servers.connect(member, purpose);
  sessions.push(session);
  return session;
}
