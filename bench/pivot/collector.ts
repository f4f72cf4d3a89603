import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What of a span counts here. Times in milliseconds since 1970. */
export interface CollectedSpan {
  name: string;
  spanId: string;
  from: number;
  to: number;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

interface OtlpTraces {
  resourceSpans?: { scopeSpans?: { spans?: OtlpSpan[] }[] }[];
}

const nanosPerMs = 1e6;
/** Of the worker's batches; the default of 5 s would keep the bench waiting. */
const batchMs = 250;

/** A collector of traces as a worker expects it (OTLP over HTTP, in JSON), which keeps them in memory. */
export class Collector {
  private readonly traces = new Map<string, CollectedSpan[]>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {}

  static async start(): Promise<Collector> {
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        collector.take(JSON.parse(body) as OtlpTraces);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const collector = new Collector(server, (server.address() as { port: number }).port);
    return collector;
  }

  /** For a worker that is to send its traces here. */
  get env(): NodeJS.ProcessEnv {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.port}`, OTEL_BSP_SCHEDULE_DELAY: String(batchMs) };
  }

  /** The spans of a run when its root, which is sent last, has come; what came so far when it does not come. */
  async trace(runId: string, withinMs = 5000): Promise<CollectedSpan[]> {
    const traceId = runId.replaceAll('-', '');
    const complete = (): boolean => this.traces.get(traceId)?.some(({ spanId }) => spanId === traceId.slice(16)) === true;
    for (const deadline = performance.now() + withinMs; !complete() && performance.now() < deadline;) await sleep(50);
    return this.traces.get(traceId) ?? [];
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private take({ resourceSpans = [] }: OtlpTraces): void {
    for (const { scopeSpans = [] } of resourceSpans)
      for (const { spans = [] } of scopeSpans)
        for (const { traceId, spanId, name, startTimeUnixNano, endTimeUnixNano } of spans) {
          const known = this.traces.get(traceId) ?? [];
          known.push({ name, spanId, from: Number(startTimeUnixNano) / nanosPerMs, to: Number(endTimeUnixNano) / nanosPerMs });
          this.traces.set(traceId, known);
        }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
