import { get, type IncomingMessage } from 'node:http';

import { until } from './test-cluster';

export interface StreamedEvent {
  id: string;
  event: string;
  data: Record<string, unknown>;
  /** When it came (milliseconds since 1970). */
  at: number;
}

/** A client of server-sent events that keeps what it was told. */
export class EventStream {
  readonly events: StreamedEvent[] = [];
  private response?: IncomingMessage;
  private rest = '';

  private constructor() {}

  static async open(url: string, lastEventId?: string): Promise<EventStream> {
    const stream = new EventStream();
    await new Promise<void>((resolve, reject) => {
      get(url, { headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId } }, (response) => {
        stream.response = response;
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => stream.take(chunk));
        response.on('error', () => undefined);
        resolve();
      }).on('error', reject);
    });
    return stream;
  }

  async until(wanted: (event: StreamedEvent) => boolean, timeoutMs: number): Promise<StreamedEvent> {
    return until('an event', timeoutMs, () => Promise.resolve(this.events.find(wanted) ?? JSON.stringify(this.events)));
  }

  close(): void {
    this.response?.destroy();
  }

  private take(chunk: string): void {
    const blocks = (this.rest + chunk).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
      const data = fields.get('data');
      if (data === undefined) continue;
      const parsed = JSON.parse(data) as Record<string, unknown>;
      this.events.push({ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: parsed, at: Date.now() });
    }
  }
}
