/** A primary and two replicas as others make them: plain `docker run` and SQL, nothing of drydock. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

import { portIsFree } from '../../../activities/docker/ports';

const execute = promisify(execFile);
const docker = async (...args: string[]): Promise<string> => (await execute('docker', args)).stdout.trim();

export interface Server {
  container: string;
  address: string;
  port: number;
}

export class Trio {
  private constructor(
    readonly prefix: string,
    readonly servers: [Server, Server, Server],
    readonly rootPassword: string,
    private readonly folder: string,
  ) {}

  /** Three servers `<prefix>-<name>-<n>` on published ports, as if on three hosts; the first is the primary, the others follow it by GTID. */
  static async start(image: string, name: string, options: string[]): Promise<Trio> {
    const prefix = `others-${randomBytes(3).toString('hex')}`;
    const folder = await mkdtemp(join(tmpdir(), 'drydock-adoption-'));
    const rootPassword = randomBytes(12).toString('hex');
    await writeFile(join(folder, 'root'), rootPassword);
    await chmod(join(folder, 'root'), 0o644);
    // An address of this machine that containers reach too.
    const subnet = await docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Subnet}}');
    const address = subnet.replace(/\.\d+\/\d+$/, '.1');
    const servers: Server[] = [];
    for (const number of [1, 2, 3]) servers.push({ container: `${prefix}-${name}-${number}`, address, port: await freePort(address) });
    const trio = new Trio(prefix, servers as [Server, Server, Server], rootPassword, folder);
    try {
      for (const [index, { container, port }] of servers.entries())
        await docker(
          ...['run', '--detach', '--name', container, '--publish', `${address}:${port}:3306`],
          ...['--volume', `${join(folder, 'root')}:/run/secrets/root:ro`, '--env', 'MYSQL_ROOT_PASSWORD_FILE=/run/secrets/root'],
          ...[image, `--server-id=${index + 11}`, ...options],
        );
      await trio.replicate(dialectOf(image));
    } catch (error) {
      await trio.stop();
      throw error;
    }
    return trio;
  }

  private async replicate(dialect: Dialect): Promise<void> {
    const [primary, ...replicas] = this.servers;
    const password = `'${this.rootPassword}'`;
    await this.sql(
      primary,
      'SET GLOBAL read_only=0',
      `CREATE USER repl@'%' IDENTIFIED BY ${password}`,
      "GRANT REPLICATION SLAVE ON *.* TO repl@'%'",
    );
    for (const replica of replicas)
      await this.sql(
        replica,
        dialect === 'modern'
          ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${primary.address}', SOURCE_PORT=${primary.port}, SOURCE_USER='repl', ` +
              `SOURCE_PASSWORD=${password}, SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1`
          : `CHANGE MASTER TO MASTER_HOST='${primary.address}', MASTER_PORT=${primary.port}, MASTER_USER='repl', MASTER_PASSWORD=${password}, ` +
              (dialect === 'mariadb' ? 'MASTER_USE_GTID=slave_pos' : 'MASTER_AUTO_POSITION=1'),
        dialect === 'modern' ? 'START REPLICA' : 'START SLAVE',
      );
  }

  /** As root; waits until the server lets it in. */
  async sql<Row extends RowDataPacket = RowDataPacket>(server: Server, ...statements: string[]): Promise<Row[]> {
    const connection = await this.connect(server);
    try {
      let rows: Row[] = [];
      for (const statement of statements) [rows] = (await connection.query<Row[]>(statement)) as [Row[], unknown];
      return rows;
    } finally {
      connection.destroy();
    }
  }

  private async connect({ address, port }: Server): Promise<Connection> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await createConnection({ host: address, port, user: 'root', password: this.rootPassword, connectTimeout: 2000 });
      } catch (error) {
        if (attempt > 100) throw error;
        await sleep(200);
      }
    }
  }

  /** Everything that an adoption could change: settings, accounts with their privileges, schemas, replication. */
  async everything(): Promise<Record<string, unknown>> {
    const all: Record<string, unknown> = {};
    for (const server of this.servers) {
      const variables = await this.sql(server, 'SHOW GLOBAL VARIABLES');
      // These change by themselves.
      const settled = variables.filter(
        ({ Variable_name }) => !/^(gtid_executed|timestamp|pseudo_thread_id|rand_seed)/.test(String(Variable_name)),
      );
      const [replica] = await this.sql(server, 'SHOW REPLICA STATUS');
      all[server.container] = {
        variables: settled.map((row) => `${String(row['Variable_name'])}=${String(row['Value'])}`),
        accounts: await this.sql(server, "SELECT CONCAT(User, '@', Host) AS account FROM mysql.user ORDER BY 1"),
        privileges: await this.sql(server, 'SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES ORDER BY 1, 2'),
        schemas: await this.sql(server, 'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1'),
        source: replica && [replica['Source_Host'], replica['Source_Port'], replica['Source_User'], replica['Replica_IO_Running']],
      };
    }
    return all;
  }

  /** Programs as a user has them: `server CONTAINER` does what DRYDOCK_ACTION says. */
  async installCommands(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const script = [
      '#!/bin/sh',
      'is() { [ "$(docker inspect --format "{{.State.Running}}" "$2")" = "$1" ]; }',
      'case $DRYDOCK_ACTION in',
      '  off) docker kill "$1" >/dev/null 2>&1; is false "$1" ;;',
      '  on) docker start "$1" ;;',
      '  status) is true "$1" && exit 0; is false "$1" && exit 2; exit 1 ;;',
      'esac',
    ];
    await writeFile(join(folder, 'server'), `${script.join('\n')}\n`, { mode: 0o755 });
  }

  async kill({ container }: Server): Promise<void> {
    await docker('kill', container);
  }

  async stop(): Promise<void> {
    for (const { container } of this.servers) await docker('rm', '--force', '--volumes', container).catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }
}

type Dialect = 'modern' | 'old' | 'mariadb';

function dialectOf(image: string): Dialect {
  if (image.includes('mariadb')) return 'mariadb';
  return /:5\./.test(image) ? 'old' : 'modern';
}

async function freePort(address: string): Promise<number> {
  for (;;) {
    const port = 30_000 + Math.floor(Math.random() * 2700);
    if (await portIsFree(port, address)) return port;
  }
}
