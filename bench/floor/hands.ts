/**
 * What a plain script needs to pivot a cluster: one session per member, one admin session per router, opened before it begins.
 * They are the same hands that drydock's activities use (same SQL, same runtime socket), with nothing of the engine around them:
 * no workflow, no locks, no epochs checked, no repeats. So what is measured against it is the engine's own cost.
 */
import type { ActivityEnvironment } from '../../activities/environment';
import { flavorOf } from '../../activities/mysql/flavors';
import { createConnect } from '../../activities/mysql/session';
import type { Flavor, Session } from '../../activities/mysql/types';
import { openRouter, type RouterAdmin } from '../../activities/router';
import { accounts, passwordRef } from '../../schemas/names';
import type { ClusterState, Member } from '../../schemas/topology';

export interface Hand {
  member: Member;
  session: Session;
  flavor: Flavor;
}

export interface TimedStep {
  name: string;
  startMs: number;
  endMs: number;
}

export class Hands {
  readonly steps: TimedStep[] = [];
  private startedAt = performance.now();

  private constructor(
    readonly state: ClusterState,
    readonly members: Map<string, Hand>,
    readonly routers: RouterAdmin[],
    private readonly replicationPassword: string,
  ) {}

  static async open(env: Pick<ActivityEnvironment, 'secrets'>, state: ClusterState): Promise<Hands> {
    const connect = createConnect(env);
    const { name } = state.definition;
    const hands = await Promise.all(
      state.members.map(async (member): Promise<[string, Hand]> => {
        const session = await connect(name, member, { purpose: 'operation' });
        return [member.name, { member, session, flavor: flavorOf(session) }];
      }),
    );
    const routers = await Promise.all(state.routers.map((router) => openRouter(env, state, router, { timeoutMs: 2000 })));
    return new Hands(state, new Map(hands), routers, await env.secrets.read(passwordRef(name, 'replication')));
  }

  get semiSync(): boolean {
    return this.state.definition.durability === 'semi-sync';
  }

  of(name: string): Hand {
    const hand = this.members.get(name);
    if (!hand) throw new Error(`no member ${name} in cluster ${this.state.definition.name}`);
    return hand;
  }

  get replicas(): Hand[] {
    return [...this.members.values()].filter((hand) => hand.member.name !== this.state.primary);
  }

  /** The clock of the steps starts anew. */
  begin(at = performance.now()): void {
    this.steps.length = 0;
    this.startedAt = at;
  }

  async step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const startMs = performance.now() - this.startedAt;
    const result = await work();
    this.steps.push({ name, startMs, endMs: performance.now() - this.startedAt });
    return result;
  }

  async follow(replica: Hand, primary: Hand, from?: { file: string; position: number }): Promise<void> {
    const { address, port } = primary.member;
    const source = { address, port, user: accounts.replication, password: this.replicationPassword };
    await replica.flavor.follow(replica.session, source, replica.flavor.gtid ? undefined : from);
  }

  /** Not before a replica was seen that acknowledges: else the first write would wait for it. */
  async untilAcknowledged(primary: Hand): Promise<void> {
    while ((await primary.flavor.semiSync(primary.session)).clients < 1) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** The row that drydock looks for when it takes over again; not part of what is measured. */
  async writeJournal(primary: Hand, at: { file: string; position: number }): Promise<void> {
    await primary.session.query(
      'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (?, ?, ?, ?, ?, ?)',
      [this.state.epoch + 1, primary.member.name, 'floor', 'the plain script of the bench', at.file, at.position],
    );
  }

  end(): void {
    for (const { session } of this.members.values()) session.end();
    for (const router of this.routers) router.end();
  }
}
