import { type Connection, createConnection, createPool, type Pool, type PoolConnection } from 'mysql2/promise';

import { classify, type DriverError, nameOf, type Phase } from './classify';
import type { LedgerOptions, Outcome } from './types';

/** One way of writing (a mode). `write` resolves when the server acknowledged the commit, else throws a WriteFailure. */
export interface Writer {
  /** Opens what the mode keeps open, so that the first writes do not pay for it. */
  warm(): Promise<void>;
  write(id: number, attempt: number): Promise<void>;
  /** The same over a connection opened for it: an error tells a client that its connections may lead to a server that was demoted. */
  retry(id: number, attempt: number): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}

export class WriteFailure extends Error {
  readonly outcome: Exclude<Outcome, 'acknowledged' | 'pending'>;

  constructor(cause: DriverError, phase: Phase) {
    super(nameOf(cause, phase));
    this.outcome = classify(cause, phase);
  }
}

/** Bound of one connection attempt: a router that holds lets clients wait, and the ledger wants to see for how long. */
const connectTimeoutMs = 60_000;

export function connectionOptions(options: LedgerOptions): Parameters<typeof createConnection>[0] & object {
  const { host, port, user, password, database } = options;
  return { host, port, user, password, database, connectTimeout: connectTimeoutMs };
}

/** `@@server_id` in the row tells later which server took the write, and costs nothing. */
function insertInto(table: string, part = 1): string {
  return `INSERT INTO \`${table}\` (id, attempt, part, server) VALUES (?, ?, ${part}, @@server_id)`;
}

async function attempt<Result>(phase: Phase, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new WriteFailure(error as DriverError, phase);
  }
}

type Use = (connection: Connection, id: number, attempt: number) => Promise<void>;

/** What is done on a connection, by mode. */
function useOf(mode: LedgerOptions['mode'], table: string): Use {
  const insert = insertInto(table);
  const second = insertInto(table, 2);
  switch (mode) {
    case 'prepared':
      return async (connection, id, number) => {
        await attempt('commit', () => connection.execute(insert, [id, number]));
      };
    case 'transactions':
      return async (connection, id, number) => {
        await attempt('open', async () => {
          await connection.query('BEGIN');
          await connection.query(insert, [id, number]);
          await connection.query(second, [id, number]);
        });
        await attempt('commit', () => connection.query('COMMIT'));
      };
    default:
      return async (connection, id, number) => {
        await attempt('commit', () => connection.query(insert, [id, number]));
      };
  }
}

/** Connects, writes, says good-bye. */
class PerRequestWriter implements Writer {
  constructor(
    protected readonly options: LedgerOptions,
    protected readonly use: Use,
  ) {}

  async warm(): Promise<void> {}

  write(id: number, number: number): Promise<void> {
    return this.retry(id, number);
  }

  async retry(id: number, number: number): Promise<void> {
    const connection = await attempt('connect', () => createConnection(connectionOptions(this.options)));
    connection.on('error', () => undefined);
    try {
      await this.use(connection, id, number);
    } finally {
      connection.destroy();
    }
  }

  async close(): Promise<void> {}
}

class PooledWriter extends PerRequestWriter {
  private readonly pool: Pool;

  constructor(
    options: LedgerOptions,
    private readonly size: number,
    use: Use,
  ) {
    super(options, use);
    this.pool = createPool({ ...connectionOptions(options), connectionLimit: size, queueLimit: 0 });
  }

  override async warm(): Promise<void> {
    const open = await Promise.all(Array.from({ length: this.size }, () => this.pool.getConnection()));
    for (const connection of open) connection.release();
  }

  override async write(id: number, number: number): Promise<void> {
    const connection: PoolConnection = await attempt('connect', () => this.pool.getConnection());
    try {
      await this.use(connection, id, number);
      connection.release();
    } catch (error) {
      // The session may be dead or in the middle of a transaction: nobody else gets it.
      connection.destroy();
      throw error;
    }
  }

  override async close(): Promise<void> {
    await this.pool.end().catch(() => undefined);
  }
}

/** Many connections that are all kept open; one that breaks is opened again at once, as an application server does. */
class ManyConnectionsWriter extends PerRequestWriter {
  private readonly idle: Connection[] = [];
  private readonly waiting: ((connection: Connection) => void)[] = [];
  private closed = false;

  constructor(
    options: LedgerOptions,
    private readonly size: number,
    private readonly random: () => number,
    use: Use,
  ) {
    super(options, use);
  }

  /** In batches: 500 handshakes at once only measure the handshakes. */
  override async warm(): Promise<void> {
    for (let opened = 0; opened < this.size; opened += 25)
      await Promise.all(Array.from({ length: Math.min(25, this.size - opened) }, () => this.open()));
  }

  override async write(id: number, number: number): Promise<void> {
    const connection = await this.take();
    try {
      await this.use(connection, id, number);
      this.give(connection);
    } catch (error) {
      connection.destroy();
      this.openAgain();
      throw error;
    }
  }

  override async close(): Promise<void> {
    this.closed = true;
    for (const connection of this.idle.splice(0)) connection.destroy();
  }

  private async open(): Promise<void> {
    const connection = await createConnection(connectionOptions(this.options));
    connection.on('error', () => {
      const index = this.idle.indexOf(connection);
      if (index === -1) return;
      this.idle.splice(index, 1);
      this.openAgain();
    });
    this.give(connection);
  }

  private openAgain(): void {
    if (this.closed) return;
    this.open().catch(() => setTimeout(() => this.openAgain(), 50));
  }

  private take(): Promise<Connection> {
    const [connection] = this.idle.splice(Math.floor(this.random() * this.idle.length), 1);
    return connection ? Promise.resolve(connection) : new Promise((resolve) => this.waiting.push(resolve));
  }

  private give(connection: Connection): void {
    if (this.closed) return connection.destroy();
    const next = this.waiting.shift();
    if (next) next(connection);
    else this.idle.push(connection);
  }
}

export function createWriter(options: LedgerOptions & { table: string }, random: () => number): Writer {
  const use = useOf(options.mode, options.table);
  if (options.mode === '500-connections') return new ManyConnectionsWriter(options, 500, random, use);
  if (options.mode === 'connection-per-request') return new PerRequestWriter(options, use);
  return new PooledWriter(options, options.pool ?? 8, use);
}
