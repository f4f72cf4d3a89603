import { performance } from 'node:perf_hooks';

import { journalSchema } from '../../schemas/names';
import type { Reach, ReplicationView } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import { bounds } from './bounds';
import { type Line, type Opening, pause } from './line';

/** One line to a replica, and what the replica itself says of its source. */
export class ReplicaWatch {
  view?: ReplicationView | null;
  /** performance.now() of the last look that came back. */
  lookedAt = 0;
  /** When something had last arrived from the source, as far as looks tell. */
  private heardAt?: number;
  private lastHeard = '';
  /** Value of the heartbeat row here. */
  private heartbeatAt?: number;

  constructor(
    readonly member: Member,
    readonly line: Line,
  ) {}

  /** Reads the heartbeat row each second; only when that stands still is the replica asked what goes on. */
  async run(signal: AbortSignal, lastWritten: () => number | undefined): Promise<void> {
    while (!signal.aborted) {
      if (this.line.opening && !this.line.asked)
        await this.readHeartbeat()
          .then(() => (this.view === undefined || (this.lagMs(lastWritten()) ?? 0) > bounds.staleRowMs ? this.look() : undefined))
          .catch(() => undefined);
      await pause(bounds.lookEveryMs, signal);
    }
  }

  /** Asks the replica now. When it does not answer, `lookedAt` stays as it was. */
  async look(): Promise<void> {
    const view = await this.line.ask(({ session, flavor }) => flavor.replication(session));
    this.saw(view);
    if (view?.receiver === 'running') await this.countHeartbeats();
  }

  /** A view that was just read, by a look of our own or in a full observation. */
  saw(view: ReplicationView | null): void {
    const grew = view && this.view && JSON.stringify(view.received) !== JSON.stringify(this.view.received);
    this.view = view;
    this.lookedAt = performance.now();
    const heard = view === null ? '' : JSON.stringify([view.receiver, view.received]);
    if (heard !== this.lastHeard) this.heardAt = this.lookedAt;
    this.lastHeard = heard;
    if (grew && this.doubtedAt !== undefined) this.heardInDoubtAt = this.lookedAt;
  }

  /** When something had last arrived since it is counted whether anything does. */
  heardInDoubtAt?: number;
  private lastCount = '';
  private doubtedAt?: number;

  /**
   * From now on it is counted whether anything arrives. Earlier looks were too rare to prove that nothing did, so silence is
   * measured only over the time in which it was looked at all along.
   */
  beginDoubt(): void {
    this.doubtedAt = performance.now();
    this.lastCount = '';
    this.heardInDoubtAt = undefined;
  }

  /** An idle primary sends nothing but replication heartbeats; each one counts as heard. */
  private async countHeartbeats(): Promise<void> {
    const count = await this.line.ask(receivedHeartbeats);
    // The first count of a doubt is what the others are compared with.
    if (this.lastCount !== '' && count !== this.lastCount) this.heardAt = this.heardInDoubtAt = performance.now();
    this.lastCount = count;
  }

  private async readHeartbeat(): Promise<void> {
    const [row] = await this.line.ask(({ session }) =>
      session.query<{ at: number | string }>(`SELECT \`at\` AS \`at\` FROM ${journalSchema}.heartbeat WHERE id = 1`),
    );
    const at = row === undefined ? undefined : Number(row.at);
    if (at !== this.heartbeatAt) this.heardAt = performance.now();
    this.heartbeatAt = at;
  }

  reach(now: number): { reach: Reach; error?: string } | undefined {
    return this.line.view(now, bounds.replicaLateAfterMs);
  }

  /** Milliseconds for which nothing arrived while it was looked at; null when that is not known. */
  unheardMs(now: number): number | null {
    if (this.doubtedAt === undefined || this.lookedAt < this.doubtedAt) return null;
    return now - Math.max(this.doubtedAt, this.heardAt ?? 0);
  }

  /** Behind the primary's last row; null when either is not known. */
  lagMs(lastWritten: number | undefined): number | null {
    if (lastWritten === undefined || this.heartbeatAt === undefined) return null;
    return Math.max(0, lastWritten - this.heartbeatAt);
  }
}

/** The number of replication heartbeats that a replica received, in the words of its version. */
async function receivedHeartbeats({ session, flavor }: Opening): Promise<string> {
  if (flavor.engine === 'mysql' && Number(flavor.version.split('.')[0]) >= 8) {
    const rows = await session.query<{ count: number | string; last: string }>(
      'SELECT COUNT_RECEIVED_HEARTBEATS AS `count`, LAST_HEARTBEAT_TIMESTAMP AS `last` FROM performance_schema.replication_connection_status',
    );
    return JSON.stringify(rows);
  }
  const rows = await session.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Slave\\_received\\_heartbeats'");
  return rows[0]?.Value ?? '';
}
