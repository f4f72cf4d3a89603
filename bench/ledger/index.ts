/**
 * The ledger: a writer through the router that remembers what became of every write. It never hides an error by retrying.
 *
 *   const ledger = await startLedger({ host, port, user, password, database });
 *   ... break things ...
 *   const { report, records } = await ledger.stop();
 *   const verification = await ledger.verify((sql) => session.query(sql));
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import type { FromWriter, ToWriter } from './process';
import type { LedgerLive, LedgerOptions, LedgerRecords, LedgerReport, Verification } from './types';
import { type Ask, verifyLedger } from './verify';

export * from './types';
export { compareLedger, isClean, verifyLedger } from './verify';

export interface LedgerResult {
  report: LedgerReport;
  records: LedgerRecords;
}

export interface Ledger {
  readonly table: string;
  readonly database: string;
  /** What the writer said last; every 100 ms. */
  live(): LedgerLive;
  /** Waits until so many further writes were acknowledged. Rejects after `timeoutMs`. */
  acknowledges(count: number, timeoutMs?: number): Promise<void>;
  /** No further arrivals; waits at most `drainMs` (default 10 s) for what is under way. A second call gives the same result. */
  stop(drainMs?: number): Promise<LedgerResult>;
  /** Reads back on one member what the stopped ledger was told. */
  verify(ask: Ask): Promise<Verification>;
  /** Ends the writer at once, without a result. */
  kill(): void;
}

/** Resolves when the table was created through the router, the connections are warm and arrivals come. */
export async function startLedger(options: LedgerOptions): Promise<Ledger> {
  const table = options.table ?? `ledger_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`;
  const child = fork(join(__dirname, 'process.ts'), [], {
    // Not what the parent was started with: jest's and inspectors' arguments are no use here.
    execArgv: ['--require', require.resolve('tsx/cjs')],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ledger = new LedgerProcess(child, { ...options, table });
  await ledger.writing;
  return ledger;
}

class LedgerProcess implements Ledger {
  readonly table: string;
  readonly database: string;
  readonly writing: Promise<void>;
  private readonly result: Promise<LedgerResult>;
  private stopAsked = false;
  private last: LedgerLive = { writes: 0, acknowledged: 0, failed: 0, unknown: 0, inFlight: 0, lastAcknowledgedAt: 0 };

  constructor(
    private readonly child: ChildProcess,
    private readonly options: LedgerOptions & { table: string },
  ) {
    this.table = options.table;
    this.database = options.database;
    const writing = deferred<void>();
    const result = deferred<LedgerResult>();
    this.writing = writing.promise;
    this.result = result.promise;
    this.result.catch(() => undefined);
    const broken = (message: string): void => {
      writing.reject(new Error(message));
      result.reject(new Error(message));
    };
    child.on('message', (message: FromWriter) => {
      if (message.kind === 'writing') writing.resolve();
      else if (message.kind === 'live') this.last = message.live;
      else if (message.kind === 'stopped') result.resolve({ report: message.report, records: message.records });
      else broken(`the ledger's writer broke: ${message.message}`);
    });
    child.on('exit', (code, signal) => broken(`the ledger's writer ended with ${signal ?? code}`));
    this.tell({ kind: 'start', options });
  }

  live(): LedgerLive {
    return this.last;
  }

  async acknowledges(count: number, timeoutMs = 30_000): Promise<void> {
    const target = this.last.acknowledged + count;
    const until = Date.now() + timeoutMs;
    while (this.last.acknowledged < target) {
      if (Date.now() > until)
        throw new Error(`${count} further writes were to be acknowledged within ${timeoutMs} ms: ${JSON.stringify(this.last)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  stop(drainMs = 10_000): Promise<LedgerResult> {
    if (!this.stopAsked && this.child.connected) this.tell({ kind: 'stop', drainMs });
    this.stopAsked = true;
    return this.result;
  }

  async verify(ask: Ask): Promise<Verification> {
    const { records } = await this.stop();
    const { database, table } = this;
    return verifyLedger(records, ask, { database, table, partsPerWrite: this.options.mode === 'transactions' ? 2 : 1 });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private tell(message: ToWriter): void {
    this.child.send(message);
  }
}

interface Deferred<Value> {
  promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

function deferred<Value>(): Deferred<Value> {
  let resolve: Deferred<Value>['resolve'] = () => undefined;
  let reject: Deferred<Value>['reject'] = () => undefined;
  const promise = new Promise<Value>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
