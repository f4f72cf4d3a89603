/**
 * An outside witness of promise 2: asks every member at its own address, every 20 ms, whether it would acknowledge a commit,
 * and knows afterwards whether two ever would at the same time. It shares no code with what it watches.
 */
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

import { type Sample, type TwoWritable, twoWritable } from './overlaps';

export interface WitnessedMember {
  name: string;
  address: string;
  port: number;
}

export interface WitnessReport {
  samples: number;
  /** How often each member was seen writable. */
  writable: Record<string, number>;
  violations: TwoWritable[];
}

export interface Witness {
  stop(): Promise<WitnessReport>;
}

const everyMs = 20;
/** An address behind which nobody lives may answer nothing at all. */
const answerWithinMs = 400;

/** Starts to watch. Any account may ask: reading a global variable needs no privilege. */
export function startWitness(members: WitnessedMember[], account: { user: string; password: string }): Witness {
  const watchers = members.map((member) => new Watcher(member, account));
  const loops = watchers.map((watcher) => watcher.run());
  return {
    async stop() {
      for (const watcher of watchers) watcher.stopped = true;
      await Promise.all(loops);
      const samples = watchers.flatMap((watcher) => watcher.samples);
      return {
        samples: samples.length,
        writable: Object.fromEntries(watchers.map(({ member, samples: own }) => [member.name, own.filter((one) => one.writable).length])),
        violations: twoWritable(samples),
      };
    },
  };
}

class Watcher {
  readonly samples: Sample[] = [];
  stopped = false;
  private connection?: Connection;

  constructor(
    readonly member: WitnessedMember,
    private readonly account: { user: string; password: string },
  ) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      const sentAt = performance.now();
      const writable = await this.ask().catch(() => this.hangUp());
      this.samples.push({ member: this.member.name, sentAt, receivedAt: performance.now(), writable });
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, everyMs - (performance.now() - sentAt))));
    }
    this.hangUp();
  }

  /** Who does not answer acknowledges nothing that we could know of. */
  private async ask(): Promise<boolean> {
    const [setting] = await this.rows('SELECT @@global.read_only AS answer');
    if (Number(setting?.['answer']) !== 0) return false;
    // Writable by its setting: with semi-sync on and nobody connected who could acknowledge, a commit waits for ever.
    const rows = await this.rows("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'");
    const status = new Map(rows.map((row) => [String(row['Variable_name']).replace(/_(master|source)_/, '_'), String(row['Value'])]));
    return !(status.get('Rpl_semi_sync_status') === 'ON' && status.get('Rpl_semi_sync_clients') === '0');
  }

  private async rows(sql: string): Promise<RowDataPacket[]> {
    this.connection ??= await this.connect();
    const [rows] = await within(this.connection.query<RowDataPacket[]>(sql));
    return rows;
  }

  private async connect(): Promise<Connection> {
    const { address: host, port } = this.member;
    const connection = await createConnection({ host, port, ...this.account, connectTimeout: answerWithinMs });
    connection.on('error', () => undefined);
    return connection;
  }

  private hangUp(): false {
    this.connection?.destroy();
    this.connection = undefined;
    return false;
  }
}

async function within<Value>(answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerWithinMs} ms`)), answerWithinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
