import type Docker from 'dockerode';

import { labels } from '../../schemas/names';
import type { ActivityEnvironment, Host } from '../environment';

/** A container of a cluster died, was stopped, paused or started: a hint to look now, never a proof. */
export interface EngineEvent {
  action: string;
  /** Name of the member or router. */
  name: string;
}

type EventStream = NodeJS.ReadableStream & { destroy?: () => void };
type Listener = (event: EngineEvent) => void;

const watched = ['die', 'kill', 'oom', 'pause', 'unpause', 'start', 'destroy'];
const pauseBeforeRetryMs = 2000;

/** One event stream per engine for all clusters that this process watches. It is open only while somebody listens. */
class HostEvents {
  private readonly listeners = new Map<string, Set<Listener>>();
  private stream?: EventStream;
  private opening = false;
  private retry?: NodeJS.Timeout;

  constructor(
    private readonly engine: Docker,
    private readonly instance: string,
  ) {}

  listen(target: string, listener: Listener): () => void {
    const set = this.listeners.get(target) ?? new Set();
    this.listeners.set(target, set.add(listener));
    void this.open();
    return () => {
      set.delete(listener);
      if (set.size === 0) this.listeners.delete(target);
      if (this.listeners.size === 0) this.close();
    };
  }

  private async open(): Promise<void> {
    if (this.stream || this.opening || this.listeners.size === 0) return;
    this.opening = true;
    try {
      const filters = JSON.stringify({ type: ['container'], event: watched, label: [`${labels.instance}=${this.instance}`] });
      const stream: EventStream = await this.engine.getEvents({ filters });
      this.stream = stream;
      let rest = '';
      stream.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.tell(line);
      });
      const again = (): void => this.lost(stream);
      stream.on('end', again);
      stream.on('close', again);
      stream.on('error', again);
      if (this.listeners.size === 0) this.close();
    } catch {
      // The engine is away: its hints are missed, nothing else.
      this.later();
    } finally {
      this.opening = false;
    }
  }

  private lost(stream: NodeJS.ReadableStream): void {
    if (this.stream !== stream) return;
    this.stream = undefined;
    this.later();
  }

  private later(): void {
    if (this.retry || this.listeners.size === 0) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.open();
    }, pauseBeforeRetryMs);
    this.retry.unref();
  }

  private tell(line: string): void {
    if (line.trim() === '') return;
    const event = JSON.parse(line) as { Action?: string; Actor?: { Attributes?: Record<string, string> } };
    const attributes = event.Actor?.Attributes ?? {};
    const name = attributes[labels.name];
    for (const listener of this.listeners.get(attributes[labels.target] ?? '') ?? [])
      listener({ action: event.Action ?? '', name: name ?? '' });
  }

  private close(): void {
    if (this.retry) clearTimeout(this.retry);
    this.retry = undefined;
    const stream = this.stream;
    this.stream = undefined;
    stream?.destroy?.();
  }
}

/** The events of all hosts, shared by all watches of a process. */
export class EngineEvents {
  private readonly hosts = new Map<Host, HostEvents>();

  constructor(private readonly env: Pick<ActivityEnvironment, 'hosts' | 'instance'>) {}

  /** Listens for one target on all engines; the answer ends it. */
  listen(target: string, listener: Listener): () => void {
    const ends = [...this.env.hosts.values()].map((host) => {
      const events = this.hosts.get(host) ?? new HostEvents(host.engine, this.env.instance);
      this.hosts.set(host, events);
      return events.listen(target, listener);
    });
    return () => ends.forEach((end) => end());
  }
}
