import { Agent, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';

/** A living host in another data centre answers a handshake within a fifth of this. */
const connectMs = 1000;
/** Node probes an idle connection every second from then on, ten times: an event stream of a dead host ends after 15 s. */
const idleMs = 5000;

/**
 * Connections to an engine over TLS: one for each request, so that a host that died is noticed by the next one, within a bound. One that is
 * kept would wait for its answer as long as the kernel repeats a packet: a quarter of an hour.
 */
export class TlsAgent extends Agent {
  constructor() {
    super({ keepAlive: false, minVersion: 'TLSv1.2' });
  }

  /**
   * dockerode inspects, without any bound of depth, what it is about to send, its agent too, whether anybody reads that or not. What hangs on an
   * agent of a worker took it minutes.
   */
  [inspect.custom](): string {
    return 'TlsAgent';
  }

  override createConnection(options: RequestOptions, callback?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    const socket = super.createConnection(options, callback) as TLSSocket;
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${connectMs} ms`)), connectMs);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.setKeepAlive(true, idleMs);
    });
    socket.once('close', () => clearTimeout(timer));
    return socket;
  }
}
