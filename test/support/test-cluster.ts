import { setTimeout as sleep } from 'node:timers/promises';

import type Docker from 'dockerode';

import { holderName } from '../../activities/docker/address-holder';
import { applicationSchema } from '../../activities/mysql/accounts';
import { flavorOf } from '../../activities/mysql/flavors';
import { createConnect } from '../../activities/mysql/session';
import type { ActivityEnvironment } from '../../activities/environment';
import type { Session } from '../../activities/mysql/types';
import { type Ledger, type LedgerOptions, startLedger } from '../../bench/ledger';
import { contains } from '../../schemas/gtid';
import { accounts, passwordRef, type Purpose } from '../../schemas/names';
import type { Cluster, ClusterState, Endpoint, Member } from '../../schemas/topology';
import { startWitness, type Witness } from './witness';

export interface JournalEntry {
  epoch: number;
  primary: string;
  operation: string;
  reason: string;
}

/** A cluster under test, seen from outside: its servers are asked themselves, its containers are hurt by the engine. */
export class TestCluster {
  constructor(
    private readonly world: { engine: Docker; environment: ActivityEnvironment },
    readonly name: string,
    readonly cluster: Cluster,
  ) {}

  get write(): Endpoint {
    return this.router.write;
  }

  get read(): Endpoint {
    return this.router.read;
  }

  member(name: string): Member {
    const found = this.cluster.members.find((member) => member.name === name);
    if (!found) throw new Error(`no member ${name} in cluster ${this.name}`);
    return found;
  }

  container(member: string): Docker.Container {
    return this.world.engine.getContainer(this.member(member).container);
  }

  /** The container that holds the member's network: it goes on when the server dies. */
  plug(member: string): Docker.Container {
    return this.world.engine.getContainer(holderName(this.member(member)));
  }

  async password(purpose: Purpose): Promise<string> {
    return this.world.environment.secrets.read(passwordRef(this.name, purpose));
  }

  /** One query on one member, at its own address. */
  async ask<Row = Record<string, unknown>>(member: string, sql: string, purpose: Purpose = 'operation'): Promise<Row[]> {
    return this.session(member, (session) => session.query<Row>(sql), purpose);
  }

  async session<Result>(member: string, work: (session: Session) => Promise<Result>, purpose: Purpose = 'operation'): Promise<Result> {
    const connect = createConnect(this.world.environment);
    const session = await connect(this.name, this.member(member), { purpose, connectTimeoutMs: 2000, queryTimeoutMs: 60_000 });
    try {
      return await work(session);
    } finally {
      session.end();
    }
  }

  /** The application's account through the router, for plain clients. */
  async application(): Promise<{ host: string; port: number; user: string; password: string; database: string }> {
    return { ...this.write, user: accounts.application, password: await this.password('application'), database: applicationSchema };
  }

  /** A writer through the router. */
  async ledger(options: Partial<LedgerOptions> = {}): Promise<Ledger> {
    return startLedger({ retryOnce: true, ...(await this.application()), ...options });
  }

  async witness(): Promise<Witness> {
    return startWitness(this.cluster.members, { user: accounts.guard, password: await this.password('guard') });
  }

  /** All rows of the journal, from the member that knows most. */
  async journal(): Promise<JournalEntry[]> {
    const journals = await Promise.all(
      this.cluster.members.map(({ name }) =>
        this.ask<JournalEntry>(
          name,
          'SELECT epoch, primary_name AS `primary`, operation, reason FROM drydock.journal ORDER BY epoch',
        ).catch(() => []),
      ),
    );
    return journals.reduce((best, other) => ((other.at(-1)?.epoch ?? 0) > (best.at(-1)?.epoch ?? 0) ? other : best));
  }

  async state(): Promise<ClusterState> {
    const last = (await this.journal()).at(-1);
    if (!last) throw new Error(`no journal in cluster ${this.name}`);
    return { ...this.cluster, epoch: Number(last.epoch), primary: last.primary };
  }

  async untilEpoch(epoch: number, timeoutMs = 30_000): Promise<ClusterState> {
    return until(`epoch ${epoch}`, timeoutMs, async () => {
      const state = await this.state();
      return state.epoch >= epoch ? state : `epoch ${state.epoch}`;
    });
  }

  /** Every member follows the primary with both threads, has nothing that the primary has not, and no one else is writable. */
  async untilConverged(timeoutMs = 120_000): Promise<ClusterState> {
    return until('every member follows the primary', timeoutMs, async () => {
      const state = await this.state();
      const complaints = await Promise.all(
        this.cluster.members.map(({ name }) => this.complaint(state, name).catch((error: Error) => `${name}: ${error.message}`)),
      );
      const first = complaints.find((complaint) => complaint !== undefined);
      return first ?? state;
    });
  }

  private async complaint(state: ClusterState, name: string): Promise<string | undefined> {
    const primary = this.member(state.primary);
    const seen = await this.session(name, async (session) => {
      const flavor = flavorOf(session);
      const executed = await flavor.executed(session);
      return { executed, replication: await flavor.replication(session), ...(await flavor.readOnly(session)) };
    });
    if (name === state.primary) return seen.readOnly ? `${name} is the primary and read-only` : undefined;
    if (!seen.readOnly) return `${name} is writable`;
    const { replication } = seen;
    if (!replication) return `${name} does not replicate`;
    if (replication.sourceAddress !== primary.address) return `${name} replicates from ${replication.sourceAddress}`;
    if (replication.receiver !== 'running' || replication.applier !== 'running')
      return `${name}: receiver ${replication.receiver}, applier ${replication.applier}`;
    if (seen.executed.gtid === undefined) return undefined;
    // The replica was read first, so what the primary has executed since does not matter.
    const all = await this.session(primary.name, (session) => flavorOf(session).executed(session));
    return contains(all.gtid ?? '', seen.executed.gtid) ? undefined : `${name} has ${seen.executed.gtid}, the primary ${all.gtid}`;
  }

  private get router(): Cluster['routers'][number] {
    const [router] = this.cluster.routers;
    if (!router) throw new Error(`no router in cluster ${this.name}`);
    return router;
  }
}

/** Polls until `look` answers something else than a text, which says what was found instead. */
export async function until<Value extends object>(what: string, timeoutMs: number, look: () => Promise<Value | string>): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look().catch((error: Error) => error.message);
    if (typeof found !== 'string') return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}; found ${found}`);
    await sleep(100);
  }
}
