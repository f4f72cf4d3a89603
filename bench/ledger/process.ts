/**
 * The writer's own process: its times are not disturbed by what the test or the bench does meanwhile.
 * Messages: `start` with the options (the password comes this way, so it is in no argument and no environment), then `stop`.
 */
import { createConnection } from 'mysql2/promise';

import { nextArrival, seededRandom } from './arrivals';
import { RecordBook } from './records';
import { reportOf } from './report';
import type { LedgerLive, LedgerOptions, LedgerRecords, LedgerReport } from './types';
import { connectionOptions, createWriter, WriteFailure, type Writer } from './writers';

export type ToWriter = { kind: 'start'; options: LedgerOptions & { table: string } } | { kind: 'stop'; drainMs: number };
export type FromWriter =
  | { kind: 'writing' }
  | { kind: 'live'; live: LedgerLive }
  | { kind: 'stopped'; report: LedgerReport; records: LedgerRecords }
  | { kind: 'broken'; message: string };

const now = (): number => performance.timeOrigin + performance.now();
const tell = (message: FromWriter): void => void process.send?.(message);
/** Resolves when all of it was handed over: the records of minutes do not fit into the pipe at once, and an exit would cut them off. */
const tellAll = (message: FromWriter): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!process.send) return resolve();
    process.send(message, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });

class WriterProcess {
  private readonly book = new RecordBook();
  private readonly random: () => number;
  private readonly arrivals: () => number;
  private readonly writer: Writer;
  private startedAt = 0;
  private nextId = 1;
  private nextDue = 0;
  private inFlight = 0;
  private shed = 0;
  private lastAcknowledgedAt = 0;
  private timer?: NodeJS.Timeout;
  private stopping = false;

  constructor(private readonly options: LedgerOptions & { table: string }) {
    const seed = options.seed ?? 1;
    this.arrivals = seededRandom(seed);
    this.random = seededRandom(seed + 1);
    this.writer = createWriter(options, this.random);
  }

  async start(): Promise<void> {
    await this.createTable();
    await this.writer.warm();
    this.startedAt = now();
    this.nextDue = this.startedAt + nextArrival(this.arrivals, this.rate);
    this.schedule();
    tell({ kind: 'writing' });
    setInterval(() => this.tellLive(), 100).unref();
  }

  /** Lets what is under way end within the bound; what does not has an unknown outcome. */
  async stop(drainMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const endedAt = now();
    while (this.inFlight > 0 && now() - endedAt < drainMs) await new Promise((resolve) => setTimeout(resolve, 10));
    this.book.endPending(now(), 'no answer when the ledger was stopped');
    const records = this.book.columns();
    const head = { mode: this.options.mode ?? 'autocommit', ratePerSecond: this.rate, seed: this.options.seed ?? 1, shed: this.shed };
    const report = reportOf(records, { ...head, retried: this.options.retryOnce ?? false, startedAt: this.startedAt, endedAt });
    await tellAll({ kind: 'stopped', report, records });
    await Promise.race([this.writer.close(), new Promise((resolve) => setTimeout(resolve, 500))]);
    process.disconnect();
    process.exit(0);
  }

  private get rate(): number {
    return this.options.ratePerSecond ?? 200;
  }

  /** `seq` is the key, not `id`: a write that was executed twice must be seen, not be refused. */
  private async createTable(): Promise<void> {
    const connection = await createConnection(connectionOptions(this.options));
    try {
      await connection.query(
        `CREATE TABLE IF NOT EXISTS \`${this.options.table}\` (seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, id INT UNSIGNED NOT NULL,
         attempt TINYINT NOT NULL, part TINYINT NOT NULL, server INT UNSIGNED NOT NULL, KEY (id)) ENGINE=InnoDB`,
      );
    } finally {
      connection.destroy();
    }
  }

  /** Open loop: arrivals come when they are due, whatever became of those before. */
  private schedule(): void {
    if (this.stopping) return;
    this.timer = setTimeout(() => this.sendDue(), Math.max(0, this.nextDue - now()));
  }

  private sendDue(): void {
    while (this.nextDue <= now()) {
      if (this.inFlight >= (this.options.maxInFlight ?? 4000)) this.shed += 1;
      else void this.write(this.nextId++, this.nextDue);
      this.nextDue += nextArrival(this.arrivals, this.rate);
    }
    this.schedule();
  }

  private async write(id: number, due: number): Promise<void> {
    this.inFlight += 1;
    const acknowledged = await this.attempt(id, 0, due);
    if (!acknowledged && this.options.retryOnce && !this.stopping) await this.attempt(id, 1, now());
    this.inFlight -= 1;
  }

  private async attempt(id: number, number: number, due: number): Promise<boolean> {
    const row = this.book.begin(id, number, due);
    try {
      await (number === 0 ? this.writer.write(id, number) : this.writer.retry(id, number));
      this.lastAcknowledgedAt = now();
      this.book.end(row, 'acknowledged', this.lastAcknowledgedAt);
      return true;
    } catch (error) {
      if (!(error instanceof WriteFailure)) throw error;
      this.book.end(row, error.outcome, now(), error.message);
      return false;
    }
  }

  private tellLive(): void {
    const { acknowledged, failed, unknown, pending } = this.book.counts;
    const writes = acknowledged + failed + unknown + pending;
    tell({
      kind: 'live',
      live: { writes, acknowledged, failed, unknown, inFlight: this.inFlight, lastAcknowledgedAt: this.lastAcknowledgedAt },
    });
  }
}

let running: WriterProcess | undefined;

function broken(error: unknown): void {
  const { code, errno } = error as { code?: string; errno?: number };
  tell({
    kind: 'broken',
    message: code ? `${errno ?? ''} ${code}: ${(error as Error).message}`.trim() : String((error as Error).stack ?? error),
  });
  process.exit(1);
}

process.on('message', (message: ToWriter) => {
  if (message.kind === 'stop') return void running?.stop(message.drainMs).catch(broken);
  running = new WriterProcess(message.options);
  running.start().catch(broken);
});
// The one who started it is gone: nobody will ask for the ledger.
process.on('disconnect', () => process.exit(0));
