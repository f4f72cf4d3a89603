import { performance } from 'node:perf_hooks';

import { type Connection, createConnection } from 'mysql2';

import { accounts, passwordRef } from '../../schemas/names';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { SessionError, toSessionError } from './session-error';
import type { Connect, ConnectOptions, Session } from './types';

const defaultConnectTimeoutMs = 500;
const defaultQueryTimeoutMs = 5000;

/** MariaDB before 11 prefixes its version so that old replicas accept it. */
export const plainVersion = (version: string): string => version.replace(/^5\.5\.5-(?=\d+\.\d+\.\d+-mariadb)/i, '');

interface Handshake {
  serverVersion: string;
  connectionId: number;
}

/**
 * One mysql2 connection. The socket's own events tell that the other side is gone, because on an idle connection they come
 * long before anything that is asked over it.
 */
class ServerSession implements Session {
  readonly connectionId: number;
  readonly serverVersion: string;
  gtid?: boolean;
  readonly closed: Promise<{ at: number; error: string }>;
  private isOpen = true;
  private announceClosed: (error: string) => void = () => undefined;
  /** Rejects the query under way when the session is closed beneath it. */
  private readonly waiting = new Set<(error: SessionError) => void>();

  constructor(
    readonly member: string,
    private readonly connection: Connection,
    handshake: Handshake,
    private readonly queryTimeoutMs: number,
  ) {
    this.connectionId = handshake.connectionId;
    this.serverVersion = plainVersion(handshake.serverVersion);
    this.closed = new Promise((resolve) => {
      this.announceClosed = (error) => resolve({ at: performance.now(), error });
    });
    const { stream } = connection as unknown as { stream: NodeJS.EventEmitter };
    stream.on('end', () =>
      this.close(new SessionError(member, 'the server closed the connection', 'PROTOCOL_CONNECTION_LOST', undefined, true)),
    );
    stream.on('close', () =>
      this.close(new SessionError(member, 'the connection was closed', 'PROTOCOL_CONNECTION_LOST', undefined, true)),
    );
    stream.on('error', (error: unknown) => this.close(toSessionError(member, error)));
    connection.on('error', (error: unknown) => this.close(toSessionError(member, error)));
  }

  get open(): boolean {
    return this.isOpen;
  }

  query<Row = Record<string, unknown>>(sql: string, values?: unknown[], timeoutMs = this.queryTimeoutMs): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(new SessionError(this.member, 'the session is closed', 'SESSION_CLOSED', undefined, true));
        return;
      }
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(fail);
        act();
      };
      const fail = (error: SessionError): void => settle(() => reject(error));
      const late = (): void => {
        if (!this.waiting.has(fail)) return;
        // A late answer would be taken for that of the next query: the connection can not be used any more.
        this.close(
          new SessionError(this.member, `no answer within ${timeoutMs} ms to ${firstWords(sql)}`, 'SESSION_TIMEOUT', undefined, true),
        );
      };
      // A process that was busy meanwhile runs its timers first: what has arrived is read before it is taken for silence.
      const timer = setTimeout(() => setImmediate(late), timeoutMs);
      this.waiting.add(fail);
      this.connection.query(sql, values ?? [], (error, rows) => {
        if (!error) settle(() => resolve((Array.isArray(rows) ? rows : []) as Row[]));
        else {
          const failed = toSessionError(this.member, error);
          fail(failed);
          if (failed.fatal) this.close(failed);
        }
      });
    });
  }

  end(): void {
    this.close(new SessionError(this.member, 'the session was ended', 'SESSION_CLOSED', undefined, true));
  }

  private close(error: SessionError): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.connection.destroy();
    this.announceClosed(error.message);
    for (const fail of [...this.waiting]) fail(error);
  }
}

/** With 5.6 and 5.7 the version does not tell, and whoever speaks replication must know. */
async function askGtid(session: ServerSession, timeoutMs: number): Promise<void> {
  if (!/^5\.[67]\./.test(session.serverVersion) || /mariadb/i.test(session.serverVersion)) return;
  const [row] = await session.query<{ mode: string }>('SELECT @@GLOBAL.gtid_mode AS mode', [], timeoutMs);
  session.gtid = row?.mode !== 'OFF';
}

/** Names a statement in an error without its values. */
const firstWords = (sql: string): string => sql.trim().split(/\s+/).slice(0, 3).join(' ');

/** Opens sessions with the account and the password of a purpose. Throws SessionError; `reachOf` says what that means. */
export function createConnect(env: Pick<ActivityEnvironment, 'secrets'>): Connect {
  return async (cluster, member, options) => {
    const password = await env.secrets.read(passwordRef(cluster, options.purpose));
    return open(member, accounts[options.purpose], password, options);
  };
}

/** Opens a session with a password in hand; for the set-up of accounts and for tests. */
export function open(
  member: Pick<Member, 'name' | 'address' | 'port'>,
  user: string,
  password: string,
  options: Omit<ConnectOptions, 'purpose'> = {},
): Promise<Session> {
  const connectTimeoutMs = options.connectTimeoutMs ?? defaultConnectTimeoutMs;
  return new Promise((resolve, reject) => {
    const connection = createConnection({
      host: member.address,
      port: member.port,
      user,
      password,
      charset: 'utf8mb4',
      connectTimeout: 0,
      dateStrings: true,
      multipleStatements: options.manyStatements === true,
      supportBigNumbers: true,
      enableKeepAlive: true,
      keepAliveInitialDelay: 2000,
      // Nothing is prepared; the room for 16,000 statements that a connection has by default would be half a megabyte of each.
      maxPreparedStatements: 1,
      // No server may ask for a file of this host.
      flags: ['-LOCAL_FILES'],
    });
    // mysql2's own connect time-out ends with the handshake's first packet; this one ends when the session can be used.
    let connected = false;
    const late = (): void => {
      if (!connected) fail(new SessionError(member.name, `no connection within ${connectTimeoutMs} ms`, 'ETIMEDOUT', undefined, true));
    };
    // As with a query: what has arrived is read first.
    const timer = setTimeout(() => setImmediate(late), connectTimeoutMs);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      connection.removeAllListeners('connect');
      connection.destroy();
      reject(toSessionError(member.name, error));
    };
    connection.on('error', fail);
    connection.once('connect', (handshake: Handshake) => {
      connected = true;
      clearTimeout(timer);
      connection.removeListener('error', fail);
      const session = new ServerSession(member.name, connection, handshake, options.queryTimeoutMs ?? defaultQueryTimeoutMs);
      askGtid(session, connectTimeoutMs).then(
        () => resolve(session),
        (error: unknown) => {
          session.end();
          reject(toSessionError(member.name, error));
        },
      );
    });
  });
}
