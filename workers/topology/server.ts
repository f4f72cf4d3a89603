import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Logger } from 'pino';

import type { Knowledge } from './knowledge';
import { etagOf, eventText, type TopologyAnswer } from './view';

const mostStreams = 200;
const mostConnections = 500;
/** Proxies close what is silent; a comment also tells a client that is gone. */
const keepAliveMs = 15_000;
/** Of events that a client does not take. */
const mostUnsent = 64 * 1024;
const listenAgainMs = 5_000;

/**
 * Who is primary, for anybody who may reach it: `GET /clusters`, `/clusters/<name>`, `/clusters/<name>/events` (docs/announcements.md), and what the
 * routers count: `/metrics` (docs/router.md). It reads only and tells no secret. It never ends its worker: an address that is taken is tried again.
 */
export class TopologyServer {
  private readonly server: Server;
  private readonly streams = new Map<ServerResponse, string>();
  private retry?: NodeJS.Timeout;
  private keepAlive?: NodeJS.Timeout;

  constructor(
    private readonly address: { host: string; port: number },
    private readonly knowledge: Knowledge,
    private readonly log: Logger,
    /** What is collected at `/metrics`. */
    private readonly metrics?: () => Promise<string>,
  ) {
    this.server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        this.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'a request for a topology failed');
        if (response.headersSent) response.destroy();
        else send(response, 500, { error: 'a fault of drydock' });
      });
    });
    this.server.maxConnections = mostConnections;
    this.server.on('listening', () => this.log.info({ address: `${address.host}:${address.port}` }, 'serves topologies'));
    this.server.on('error', (error: NodeJS.ErrnoException) => {
      this.log.warn({ error: error.message }, 'the topology endpoint can not listen; tries again');
      this.retry = setTimeout(() => this.listen(), listenAgainMs);
    });
    knowledge.on('changed', (cluster) => this.publish(cluster, 'topology'));
    knowledge.on('deleted', (cluster) => this.publish(cluster, 'deleted'));
  }

  start(): void {
    this.listen();
    this.keepAlive = setInterval(() => {
      for (const stream of this.streams.keys()) this.write(stream, ': still here\n\n');
    }, keepAliveMs);
  }

  stop(): void {
    clearTimeout(this.retry);
    clearInterval(this.keepAlive);
    this.server.close();
    this.server.closeAllConnections();
  }

  private listen(): void {
    const { host, port } = this.address;
    this.server.listen(port, host);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return send(response, 405, { error: 'only GET and HEAD: nothing can be changed here' });
    }
    const [root, name, events, ...rest] = pathOf(request);
    if (root === 'metrics' && name === undefined && this.metrics) return sendText(response, await this.metrics());
    if (root !== 'clusters' || rest.length > 0 || (events !== undefined && events !== 'events'))
      return send(response, 404, { error: 'known are /clusters, /clusters/<name> and /clusters/<name>/events' });
    if (name === undefined) return this.list(request, response);
    const answer = await this.knowledge.fresh(name);
    if (!answer) return this.unknown(response, name);
    if (events === undefined) return sendTagged(request, response, answer);
    return this.stream(request, response, answer);
  }

  private list(request: IncomingMessage, response: ServerResponse): void {
    if (!this.knowledge.ready) return this.unknown(response, '');
    sendTagged(
      request,
      response,
      this.knowledge.names().flatMap((name) => this.knowledge.last(name) ?? []),
    );
  }

  private unknown(response: ServerResponse, name: string): void {
    if (this.knowledge.ready) return send(response, 404, { error: `no cluster ${name.slice(0, 40)}: nothing watches it` });
    response.setHeader('retry-after', '2');
    send(response, 503, { error: 'nothing is known yet: Temporal has not answered since this worker began' });
  }

  /** What is now, unless the client has it; then every change. A client that was away is told only of what is now. */
  private stream(request: IncomingMessage, response: ServerResponse, answer: TopologyAnswer): void {
    if (this.streams.size >= mostStreams) {
      response.setHeader('retry-after', '30');
      return send(response, 503, { error: `${mostStreams} clients listen already` });
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (request.method === 'HEAD') return void response.end();
    this.streams.set(response, answer.cluster);
    response.on('close', () => this.streams.delete(response));
    response.on('error', () => this.streams.delete(response));
    const has = request.headers['last-event-id'];
    this.write(response, `retry: 2000\n: topology of ${answer.cluster}\n\n`);
    if (has !== String(answer.epoch)) this.write(response, eventText('topology', answer));
  }

  private publish(cluster: string, event: 'topology' | 'deleted'): void {
    const answer = this.knowledge.last(cluster);
    if (!answer) return;
    const text = eventText(event, answer);
    for (const [stream, wanted] of this.streams) if (wanted === cluster) this.write(stream, text);
  }

  /** Nothing is kept for a client that does not listen: it is cut, and learns what is now when it comes back. */
  private write(stream: ServerResponse, text: string): void {
    if (stream.writableLength > mostUnsent) stream.destroy();
    else stream.write(text);
  }
}

function pathOf({ url = '/' }: IncomingMessage): string[] {
  return (url.split('?')[0] ?? '').split('/').filter((part) => part !== '');
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
}

/** With 304 the client has all but the times; how old the knowledge is, is in the header. */
function sendTagged(request: IncomingMessage, response: ServerResponse, answer: TopologyAnswer | TopologyAnswer[]): void {
  const etag = etagOf(answer);
  response.setHeader('etag', etag);
  response.setHeader('cache-control', 'no-cache');
  if (!Array.isArray(answer)) response.setHeader('drydock-as-of', answer.asOf);
  if ((request.headers['if-none-match'] ?? '').split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304);
    response.end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(Array.isArray(answer) ? { clusters: answer } : answer)}\n`);
}
