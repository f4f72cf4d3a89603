import { createServer, type Server, type Socket } from 'node:net';

import { createServer as createMysqlServer, type Connection } from 'mysql2';

import type { Member } from '../../../schemas/topology';
import { type Answer, answerTo, type Row, serverVersion } from './answers';
import type { SimulatedCluster } from './cluster';

/** PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, TRANSACTIONS, LONG_PASSWORD, CONNECT_WITH_DB. */
const capabilities = 0x00000001 | 0x00000008 | 0x00000200 | 0x00002000 | 0x00008000 | 0x00080000;
const utf8mb4 = 45;
const varString = 253;

/** What all simulated members were asked. */
export const counts = { connections: 0, statements: 0, unknown: new Map<string, number>() };

/** mysql2 makes a connection of a socket; its own server would hide the socket, which is closed here as the kernel closes those of a killed process. */
let accept: (connection: Connection) => void = () => undefined;
const protocol = createMysqlServer((connection) => accept(connection)) as unknown as { _handleConnection(socket: Socket): void };

let connectionIds = 10;

/** A real TCP server that speaks MySQL's protocol well enough for a guard. Any account is let in. */
export class SimulatedMember {
  private readonly sockets = new Set<Socket>();
  private server?: Server;

  constructor(
    private readonly cluster: () => SimulatedCluster,
    private readonly member: () => Member,
  ) {}

  /** Answers the port; the same one when it was given one before. */
  listen(port = 0): Promise<number> {
    const server = createServer((socket) => this.take(socket));
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', 128, () => resolve((server.address() as { port: number }).port));
    });
  }

  /** As SIGKILL: nothing listens any more, and the kernel closes what was open. */
  kill(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private take(socket: Socket): void {
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    counts.connections += 1;
    accept = (connection) => this.greet(connection);
    protocol._handleConnection(socket);
  }

  private greet(connection: Connection): void {
    connection.on('error', () => undefined);
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion,
      connectionId: connectionIds++,
      statusFlags: 2,
      characterSet: utf8mb4,
      capabilityFlags: capabilities,
      authCallback: (_account: unknown, letIn: () => void) => {
        letIn();
        connection.sequenceId = 0;
      },
    });
    const asked = (sql: string): void => this.answer(connection, sql);
    connection.on('query', asked);
    // SET comes as one.
    connection.on('stmt_prepare', asked);
  }

  private answer(connection: Connection, sql: string): void {
    counts.statements += 1;
    const cluster = this.cluster();
    if (cluster.healthOf(this.member().name) === 'hangs') return;
    const answer = answerTo(cluster, this.member(), sql);
    if (answer !== undefined) write(connection, answer);
    else {
      counts.unknown.set(sql.slice(0, 80), (counts.unknown.get(sql.slice(0, 80)) ?? 0) + 1);
      connection.writeError({ code: 1064, message: 'a simulated member does not know this statement' });
    }
    // The next command begins to count its packets anew.
    connection.sequenceId = 0;
  }
}

function write(connection: Connection, answer: Answer): void {
  if (answer === 'ok') return connection.writeOk();
  const names = Object.keys(answer[0] ?? { none: 0 });
  connection.writeTextResult(answer.map(textOf), names.map(columnOf));
}

const textOf = (row: Row): Record<string, string | null> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]));

const columnOf = (name: string): object => ({
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  name,
  orgName: name,
  characterSet: utf8mb4,
  columnLength: 1024,
  columnType: varString,
  flags: 0,
  decimals: 0,
});
