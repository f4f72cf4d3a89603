import { performance } from 'node:perf_hooks';

import { journalSchema } from '../../schemas/names';
import type { Reach } from '../../schemas/observation';
import { bounds } from './bounds';
import { type Line, pause } from './line';

/** What the lines to the primary say together. `known` is false while a living server may still be taking a new connection. */
export interface PrimarySight {
  known: boolean;
  reach: Reach;
  error?: string;
  silentMs: number;
}

/** Two idle lines to the primary, asked in turn. One that answers is enough to know that it lives. */
export class PrimaryWatch {
  constructor(
    /** The first is only ever asked `SELECT 1`; the second also carries the observations. */
    readonly idle: Line,
    readonly second: Line,
  ) {}

  /** Asks until the signal fires; `late` is called when an answer is late. */
  async probe(signal: AbortSignal, late: () => void): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      const line = turn % 2 === 1 ? this.second : this.idle;
      if (line.opening && !line.asked) void line.ask(({ session }) => session.query('SELECT 1')).catch(() => undefined);
      await pause(bounds.probeEveryMs, signal);
      if (line.waitingMs(performance.now()) >= bounds.lateAfterMs) late();
    }
  }

  sight(now: number): PrimarySight {
    const views = [this.idle, this.second].map((line) => line.view(now, bounds.lateAfterMs));
    const silentMs = now - Math.max(this.idle.lastAnswerAt, this.second.lastAnswerAt);
    const worst = (reach: Reach): { reach: Reach; error?: string } | undefined => views.find((view) => view?.reach === reach);
    // One that answers proves life, whatever the other says; a refusal by the server's own words does too. But a line
    // that was not asked since the other one waits knows nothing of what is now.
    const late = worst('silent') !== undefined && silentMs >= bounds.lateAfterMs;
    const alive = (late ? undefined : worst('answers')) ?? worst('busy') ?? worst('denied');
    if (alive) return { known: true, ...alive, silentMs: alive.reach === 'answers' ? 0 : silentMs };
    if (views.some((view) => view === undefined)) return { known: false, reach: 'answers', silentMs };
    if (late) return { known: true, reach: 'silent', ...worst('silent'), silentMs };
    const gone = views.every((view) => view?.reach === 'closed' || view?.reach === 'refused');
    const chosen = gone ? (worst('refused') ?? worst('closed')) : worst('silent');
    return { known: true, reach: 'silent', ...chosen, silentMs };
  }

  /** Whether the primary was started after its last heartbeat was written. */
  async restarted(): Promise<boolean> {
    return this.second.ask(async ({ session }) => {
      const [row] = await session.query<{ at: number | string }>(`SELECT \`at\` AS \`at\` FROM ${journalSchema}.heartbeat WHERE id = 1`);
      const [uptime] = await session.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Uptime'");
      if (!row || !uptime) return false;
      // Uptime is in whole seconds, rounded down: the start is taken up to a second too late, and a heartbeat comes each second.
      return Number(row.at) < Date.now() - Number(uptime.Value) * 1000;
    });
  }
}
