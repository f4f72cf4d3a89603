import { EventEmitter } from 'node:events';

import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';

import type { GuardView } from '../../schemas/guard';
import { guardId } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import { answerOf, type Known, knownOf, type TopologyAnswer } from './view';

const listEveryMs = 500;
/** A reader does not wait longer for what may be known already. */
const askWithinMs = 1_000;
/** The server's list lags behind: what is missing once may only have been renewed. */
const missedBefore = 4;

interface Listed {
  name: string;
  epoch?: number;
  primary?: string;
}

interface Events {
  changed: [cluster: string];
  deleted: [cluster: string];
}

/**
 * What is known of all clusters. One listing of the guards twice a second tells by their memo whose primary has changed; only such a guard
 * is asked, and whichever a reader wants to know about. Without Temporal the last known stays.
 */
export class Knowledge extends EventEmitter<Events> {
  /** Temporal has answered once, so that what is not known does not exist. */
  ready = false;
  private readonly clusters = new Map<string, Known>();
  private readonly missing = new Map<string, number>();
  private readonly asking = new Map<string, Promise<void>>();
  private client?: Client;
  private timer?: NodeJS.Timeout;
  private listing = false;

  constructor(private readonly log: Logger) {
    super();
    this.setMaxListeners(0);
  }

  /** From now on this client is asked: a worker makes a new connection when Temporal was away. */
  attach(client: Client): void {
    this.client = client;
    this.timer ??= setInterval(() => void this.look(), listEveryMs);
    void this.look();
  }

  detach(): void {
    this.client = undefined;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  names(): string[] {
    return [...this.clusters.keys()].sort();
  }

  /** Members and routers as the guards that there are know them. */
  states(): ClusterState[] {
    return [...this.clusters.values()].filter(({ guard }) => guard !== 'absent').map(({ state }) => state);
  }

  /** The last known, whatever its age. */
  last(cluster: string): TopologyAnswer | undefined {
    const known = this.clusters.get(cluster);
    return known && answerOf(known, Date.now());
  }

  /** As its guard knows it now; the last known where it does not answer in time. Undefined when there is no such cluster. */
  async fresh(cluster: string): Promise<TopologyAnswer | undefined> {
    const known = this.clusters.get(cluster);
    if (known && known.guard !== 'absent' && Date.now() - known.askedAt > listEveryMs) await this.ask(cluster);
    return this.last(cluster);
  }

  private async look(): Promise<void> {
    const { client } = this;
    if (!client || this.listing) return;
    this.listing = true;
    try {
      const at = Date.now();
      const listed = await client.withDeadline(at + askWithinMs, () => listGuards(client));
      await Promise.all(listed.map((guard) => this.notice(guard, at)));
      await this.missed(client, new Set(listed.map(({ name }) => name)));
      this.ready = true;
    } catch (error) {
      this.log.debug({ error: messageOf(error) }, 'the clusters could not be listed');
    } finally {
      this.listing = false;
    }
  }

  private async notice({ name, epoch, primary }: Listed, at: number): Promise<void> {
    this.missing.delete(name);
    const known = this.clusters.get(name);
    const same = known && known.guard !== 'absent' && known.topology.epoch === epoch && known.topology.primary.name === primary;
    if (same) this.clusters.set(name, { ...known, asOf: Math.max(known.asOf, at) });
    // What else the guard knows changes slowly; one that wrote no memo yet is asked now and then.
    const askAgainMs = same ? 60_000 : epoch === undefined ? 2_000 : 0;
    if (!known || at - known.askedAt > askAgainMs) await this.ask(name);
  }

  /** Several readers at once are one question. */
  private ask(cluster: string): Promise<void> {
    const under = this.asking.get(cluster);
    if (under) return under;
    const asked = this.askGuard(cluster).finally(() => this.asking.delete(cluster));
    this.asking.set(cluster, asked);
    return asked;
  }

  private async askGuard(cluster: string): Promise<void> {
    const { client } = this;
    if (!client) return;
    const at = Date.now();
    try {
      const guard = client.workflow.getHandle(guardId(cluster));
      const view = await client.withDeadline(at + askWithinMs, () => guard.query<GuardView>('cluster'));
      this.learn(cluster, knownOf(view, at));
    } catch (error) {
      this.log.debug({ target: cluster, error: messageOf(error) }, 'a guard did not answer');
    }
  }

  private learn(cluster: string, known: Known): void {
    const before = this.clusters.get(cluster);
    this.clusters.set(cluster, known);
    if (before?.topology.epoch !== known.topology.epoch || before.topology.primary.name !== known.topology.primary.name)
      this.emit('changed', cluster);
  }

  /** A guard that was completed belongs to a cluster that was deleted; one that ended otherwise watches no more. */
  private async missed(client: Client, listed: Set<string>): Promise<void> {
    for (const [name, known] of this.clusters) {
      if (listed.has(name)) continue;
      const times = (this.missing.get(name) ?? 0) + 1;
      this.missing.set(name, times);
      if (times < missedBefore || known.guard === 'absent') continue;
      const status = await client
        .withDeadline(Date.now() + askWithinMs, () => client.workflow.getHandle(guardId(name)).describe())
        .then((found) => found.status.name);
      if (status === 'RUNNING') continue;
      if (status === 'COMPLETED') {
        this.emit('deleted', name);
        this.clusters.delete(name);
        this.missing.delete(name);
      } else this.clusters.set(name, { ...known, guard: 'absent' });
    }
  }
}

async function listGuards(client: Client): Promise<Listed[]> {
  const found: Listed[] = [];
  const query = `WorkflowType = 'guardCluster' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, memo } of client.workflow.list({ query, pageSize: 1000 })) {
    const { epoch, primary } = (memo?.['topology'] ?? {}) as Partial<Listed>;
    found.push({ name: workflowId.replace(/^guard\//, ''), epoch, primary });
  }
  return found;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
