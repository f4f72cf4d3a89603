import { randomInt } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

import { failure } from '../failure';
import { type AdminCertificates, routerServerName } from './certificates';
import { adminMarks } from './configuration';

/** HAProxy ends every answer with this once `prompt` was sent. */
const prompt = '\n> ';

interface Waiting {
  answers: string[];
  expected: number;
  resolve: (answers: string[]) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * One authenticated connection to HAProxy's runtime API that stays open: a command costs a round trip (0.1 to 0.3 ms) and not
 * a TLS handshake (4 ms). It never connects again by itself: a session that was shut down by another worker stays shut.
 */
export class AdminSession {
  /** Resolves once with the reason when the connection is gone. */
  readonly closed: Promise<string>;
  private gone?: string;
  private readonly queue: Waiting[] = [];
  private text = '';
  private settleClosed: (reason: string) => void = () => undefined;

  private constructor(
    readonly router: string,
    /** 1 to `adminMarks`: HAProxy lists this session with server `s<mark>`. */
    readonly mark: number,
    private readonly socket: TLSSocket,
    private readonly timeoutMs: number,
  ) {
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.receive(chunk));
    socket.on('error', (error: Error) => this.fail(error.message));
    socket.on('close', () => this.fail('the connection was closed by the router'));
  }

  /** Throws RouterUnreachable. */
  static async open(
    router: { name: string; address: string; adminPort: number },
    cluster: string,
    certificates: AdminCertificates,
    timeoutMs: number,
    mark = randomInt(1, adminMarks + 1),
  ): Promise<AdminSession> {
    const deadline = performance.now() + timeoutMs;
    const unreachable = (why: string) =>
      failure('RouterUnreachable', `router ${router.name} at ${router.address}:${router.adminPort}: ${why}`);
    const trust = trustOf(cluster, certificates);
    const place = `${router.address}:${router.adminPort}`;
    let opened: Socket | undefined;
    try {
      const raw = await within<Socket>(timeoutMs, (settle, fail) => {
        const socket = connectTcp({ host: router.address, port: router.adminPort, noDelay: true });
        socket.once('connect', () => settle(socket)).once('error', fail);
        return () => socket.destroy();
      });
      opened = raw;
      // The PROXY protocol carries the mark, before TLS begins. Addresses would be of no use: they may be translated on the way.
      raw.write(`PROXY TCP4 127.0.0.1 127.0.0.1 ${mark} ${router.adminPort}\r\n`);
      const socket = await within<TLSSocket>(deadline - performance.now(), (settle, fail) => {
        const encrypted = connectTls({
          socket: raw,
          servername: routerServerName(cluster),
          secureContext: trust.context,
          session: trust.sessions.get(place),
        });
        // What both have proven once is taken up again: a look every few seconds costs a fraction of the first one.
        encrypted.on('session', (ticket) => trust.sessions.set(place, ticket));
        encrypted.once('secureConnect', () => settle(encrypted)).once('error', fail);
        return () => encrypted.destroy();
      });
      const session = new AdminSession(router.name, mark, socket, timeoutMs);
      try {
        // Sent together: the second one is read when the first has made the session interactive.
        await session.exchange('prompt\nexperimental-mode on\n', 2);
      } catch (error) {
        session.end();
        throw error;
      }
      return session;
    } catch (error) {
      opened?.destroy();
      throw unreachable(error instanceof Error ? error.message : String(error));
    }
  }

  /** Sends commands in one line and gives each one's answer, trimmed. Throws RouterUnreachable when the session is gone or too slow. */
  async send(...commands: string[]): Promise<string[]> {
    return this.exchange(`${commands.join(';')}\n`, commands.length);
  }

  end(): void {
    this.fail('the session was ended');
  }

  private exchange(line: string, expected: number): Promise<string[]> {
    if (this.gone !== undefined) return Promise.reject(this.lost(this.gone));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(`no answer within ${this.timeoutMs} ms`), this.timeoutMs);
      this.queue.push({ answers: [], expected, resolve, reject, timer });
      this.socket.write(line);
    });
  }

  private receive(chunk: string): void {
    this.text += chunk;
    for (let end = this.text.indexOf(prompt); end >= 0; end = this.text.indexOf(prompt)) {
      const answer = this.text.slice(0, end).trim();
      this.text = this.text.slice(end + prompt.length);
      const waiting = this.queue[0];
      if (!waiting) continue;
      waiting.answers.push(answer);
      if (waiting.answers.length < waiting.expected) continue;
      this.queue.shift();
      clearTimeout(waiting.timer);
      waiting.resolve(waiting.answers);
    }
  }

  private fail(reason: string): void {
    if (this.gone !== undefined) return;
    this.gone = reason;
    this.socket.destroy();
    for (const waiting of this.queue.splice(0)) {
      clearTimeout(waiting.timer);
      waiting.reject(this.lost(reason));
    }
    this.settleClosed(reason);
  }

  private lost(reason: string): Error {
    return failure('RouterUnreachable', `admin session to router ${this.router}: ${reason}`);
  }
}

/** What a cluster's routers are met with; TLS sessions by the router's place. */
interface Trust {
  of: string;
  context: SecureContext;
  sessions: Map<string, Buffer>;
}

const trusts = new Map<string, Trust>();

/** Parsing certificates and keys costs about as much as a handshake, and a guard looks at its routers every few seconds. */
function trustOf(cluster: string, { authority, client, clientKey }: AdminCertificates): Trust {
  const of = authority + client + clientKey;
  const known = trusts.get(cluster);
  if (known?.of === of) return known;
  const context = createSecureContext({ ca: authority, cert: client, key: clientKey, minVersion: 'TLSv1.3' });
  const trust: Trust = { of, context, sessions: new Map() };
  trusts.set(cluster, trust);
  return trust;
}

/** Runs `start` with a bound; what it returned stops the attempt when the bound passed. */
function within<Result>(
  ms: number,
  start: (settle: (result: Result) => void, fail: (error: Error) => void) => () => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = start(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`no connection within ${Math.round(ms)} ms`));
    }, ms);
  });
}
