import { performance } from 'node:perf_hooks';

import { journalSchema } from '../../schemas/names';
import type { Facts } from '../../schemas/guard';
import { SessionError } from '../mysql/session-error';
import { bounds } from './bounds';
import { type Line, pause } from './line';

/** ER_LOCK_WAIT_TIMEOUT: the write was still waiting when its own bound ran out. */
const lockWaitTimeout = 1205;
/** A session that waits for a lock gives up after so many seconds, so that a watch that ended leaves nothing waiting. */
const lockWaitSeconds = 10;

/**
 * The write each second into drydock.heartbeat, on a line of its own. It asks before it writes: a hung primary would keep the
 * statement in its socket, and execute it when it wakes up, with nobody to acknowledge it.
 */
export class Heartbeat {
  /** Value of the last row that was acknowledged, ms since 1970. */
  lastWritten?: number;
  private waitingSince?: number;
  private connectionId?: number;
  private error?: { errno: number; message: string };
  private state?: string;

  constructor(
    private readonly line: Line,
    /** Called when a write was refused, or taken again. */
    private readonly changed: () => void,
  ) {}

  facts(now: number): Facts['heartbeat'] {
    return {
      blockedMs: this.waitingSince === undefined ? 0 : now - this.waitingSince,
      error: this.error,
      state: this.state,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    let prepared: number | undefined;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.line.ask(async ({ session }) => {
          if (prepared !== session.connectionId) {
            await session.query(`SET SESSION lock_wait_timeout=${lockWaitSeconds}, innodb_lock_wait_timeout=${lockWaitSeconds}`);
            prepared = session.connectionId;
          } else await session.query('SELECT 1');
        });
        if (signal.aborted) return;
        await this.write();
      } catch (error) {
        this.failed(error);
      }
      await pause(bounds.lookEveryMs - (performance.now() - began), signal);
    }
  }

  private async write(): Promise<void> {
    const opening = this.line.opening;
    if (!opening) return;
    const at = Date.now();
    this.waitingSince ??= performance.now();
    this.connectionId = opening.session.connectionId;
    // Not through the line: a write that waits says nothing about whether the server answers.
    await opening.session.query(
      `INSERT INTO ${journalSchema}.heartbeat (id, \`at\`) VALUES (1, ?) ON DUPLICATE KEY UPDATE \`at\` = ?`,
      [at, at],
      // For an acknowledgement a write may wait for ever.
      24 * 3600 * 1000,
    );
    this.lastWritten = at;
    const before = this.error;
    this.clear();
    if (before) this.changed();
  }

  private failed(error: unknown): void {
    const errno = error instanceof SessionError ? error.errno : undefined;
    if (errno === lockWaitTimeout) return;
    this.waitingSince = undefined;
    this.state = undefined;
    const before = this.error?.errno;
    this.error = errno === undefined ? undefined : { errno, message: error instanceof Error ? error.message : String(error) };
    if (before !== this.error?.errno) this.changed();
  }

  private clear(): void {
    this.waitingSince = undefined;
    this.error = undefined;
    this.state = undefined;
  }

  /** What the server says that the write waits for; asked on another line. */
  async askWhy(other: Line): Promise<void> {
    if (this.waitingSince === undefined || this.connectionId === undefined) return;
    if (performance.now() - this.waitingSince < bounds.lookEveryMs) return;
    const id = this.connectionId;
    const rows = await other.ask(({ session }) =>
      session.query<{ state: string | null }>('SELECT state AS state FROM information_schema.processlist WHERE id = ?', [id]),
    );
    if (this.waitingSince !== undefined) this.state = rows[0]?.state ?? undefined;
  }

  /** Ends a write that still waits, so that it does not hold one of the server's connections for ever. Never rejects. */
  async giveUp(other: Line): Promise<void> {
    if (this.waitingSince === undefined || this.connectionId === undefined) return;
    const id = this.connectionId;
    await other.ask(({ session }) => session.query(`KILL ${id}`, [], 200)).catch(() => undefined);
  }
}
