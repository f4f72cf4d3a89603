import type { FilePosition } from '../../schemas/observation';
import type { SwitchInput, SwitchOutcome, SwitchReport } from '../../schemas/pivot';
import type { Member, Router } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { createConnect } from '../mysql/session';
import { reachOf } from '../mysql/session-error';
import type { Connect, Session } from '../mysql/types';
import { type LockedMember, lockSession, type OpenMember, openSessions } from './locked-member';
import { RouterGroup } from './router-group';
import { Timeline } from './timeline';

/**
 * A dead address may answer nothing at all, and clients wait meanwhile. A planned switch waits longer before it takes the old primary
 * for lost: on a loaded machine a living one may take a second to let somebody in.
 */
const CONNECT_BOUND_MS = { planned: 2500, unplanned: 300 };
/** A planned switch is over within 10 s: its waits end in time to give up before that. */
const PLANNED_BOUND_MS = 8000;

/** One attempt of a switch: what it holds, and what it has seen and done so far. */
export class SwitchContext {
  readonly timeline = new Timeline();
  readonly connect: Connect;
  readonly locked = new Map<string, LockedMember>();
  readonly unreachable = new Map<string, { reach: ReturnType<typeof reachOf>; message: string }>();
  readonly warnings: string[] = [];
  routers = RouterGroup.none();
  heldFrom: number | undefined;
  releasedAt: number | undefined;
  /** Connections that were closed in the middle of a transaction. */
  readonly cutTransactions = new Set<number>();
  /** Replicas that this attempt made to follow the candidate. */
  readonly repointed = new Set<string>();
  fence: SwitchReport['fence'];
  closedAt: FilePosition | undefined;
  openedAt: FilePosition | undefined;
  /** Without GTID: where replicas start that had received less than the new primary; all others start where it was opened. */
  readonly starts = new Map<string, FilePosition>();
  /** The old primary was lost in the middle of a planned switch. */
  lostOld = false;
  /** True from just before the journal row of the next epoch is written: from then on only forward. */
  committed = false;
  private superseded = false;
  private readonly ending = new AbortController();
  private readonly extra: Session[] = [];

  constructor(
    readonly env: ActivityEnvironment,
    readonly input: SwitchInput,
    readonly attempt: number,
    private readonly proveCurrent: () => Promise<void>,
  ) {
    this.connect = createConnect(env);
  }

  get cluster(): string {
    return this.input.state.definition.name;
  }

  /** Fires when this attempt is over, for whatever is no session. */
  get over(): AbortSignal {
    return this.ending.signal;
  }

  get semiSync(): boolean {
    return this.input.state.definition.durability === 'semi-sync';
  }

  member(name: string): Member {
    const found = this.input.state.members.find((member) => member.name === name);
    if (!found) throw failure('UnknownCluster', `no member ${name} in cluster ${this.cluster}`);
    return found;
  }

  need(name: string): LockedMember {
    const found = this.locked.get(name);
    if (!found) throw failure('MemberUnreachable', `member ${name} does not answer: ${this.unreachable.get(name)?.message ?? 'not asked'}`);
    return found;
  }

  /** A bound cut to what is left of a planned switch. */
  bound(ms: number): number {
    return this.input.unplanned || this.lostOld ? ms : Math.max(1, Math.min(ms, PLANNED_BOUND_MS - this.timeline.now()));
  }

  /**
   * Opens sessions side by side, with the routers. The locks are taken in the order of names, at least the first one: two switches that
   * meet then wait for each other at one member, and never each for what the other has.
   */
  async open(): Promise<void> {
    const { input } = this;
    const bound = CONNECT_BOUND_MS[input.unplanned ? 'unplanned' : 'planned'];
    const [opened, routers] = await Promise.all([
      Promise.all(input.members.map((name) => this.openMember(name, bound))),
      RouterGroup.open(this.env, input.state, bound, (router) => this.mayBeLostWithOld(router)),
    ]);
    this.routers = routers;
    const [first, ...rest] = opened.filter((each) => each !== undefined).sort((a, b) => a.member.name.localeCompare(b.member.name));
    if (first) await this.lock(first);
    await Promise.all(rest.map((each) => this.lock(each)));
  }

  /** On the host of a lost primary, while clients have routers elsewhere: the host may be lost as a whole. */
  private mayBeLostWithOld({ host }: Router): boolean {
    const { unplanned, plan, state } = this.input;
    return unplanned && host === this.member(plan.from).host && state.routers.some((other) => other.host !== host);
  }

  private async openMember(name: string, connectTimeoutMs: number): Promise<OpenMember | undefined> {
    try {
      const manyStatements = name === this.input.plan.from;
      return await openSessions(this.connect, this.cluster, this.member(name), { connectTimeoutMs, manyStatements });
    } catch (error) {
      this.lose(name, error);
      return undefined;
    }
  }

  private async lock(opened: OpenMember): Promise<void> {
    const { operation } = this.input;
    try {
      this.locked.set(
        opened.member.name,
        await lockSession(opened, { operation, attempt: this.attempt, connectTimeoutMs: 0, proveCurrent: this.proveCurrent }),
      );
    } catch (error) {
      if (error instanceof Error && 'type' in error && error.type === 'Conflict') throw error;
      this.lose(opened.member.name, error);
    }
  }

  lose(name: string, error: unknown): void {
    this.unreachable.set(name, { reach: reachOf(error), message: messageOf(error) });
  }

  /** How a member answers a new connection: a session that was closed alone proves nothing (another attempt may have killed it). */
  async probe(name: string): Promise<ReturnType<typeof reachOf>> {
    try {
      (await this.connect(this.cluster, this.member(name), { purpose: 'operation', connectTimeoutMs: 1500 })).end();
      return 'answers';
    } catch (error) {
      return reachOf(error);
    }
  }

  /** A further session, ended with this attempt. */
  async side(name: string, queryTimeoutMs: number): Promise<Session> {
    const bounds = { connectTimeoutMs: 1000, queryTimeoutMs };
    const session = await this.connect(this.cluster, this.member(name), { purpose: 'operation', ...bounds });
    this.extra.push(session);
    return session;
  }

  /** Before an effect that no session carries: the locks must still be ours, so no other attempt is at work. */
  async proveOurs(): Promise<void> {
    this.refuseSuperseded();
    await Promise.all([...this.locked.values()].map(({ session }) => session.query('SELECT 1', [], 1000)));
    this.refuseSuperseded();
  }

  refuseSuperseded(): void {
    if (this.superseded) throw failure('Conflict', 'another attempt of this switch took over');
  }

  /** Another attempt took over: what this one would still send fails from here on. */
  supersede(): void {
    this.superseded = true;
    this.end();
  }

  end(): void {
    this.ending.abort();
    for (const member of this.locked.values()) member.end();
    for (const session of this.extra) session.end();
    this.routers.end();
  }

  report(outcome: SwitchOutcome, extra: Partial<SwitchReport> = {}): SwitchReport {
    const { plan } = this.input;
    const switched = outcome === 'switched';
    return {
      outcome,
      epoch: switched ? plan.nextEpoch : plan.epoch,
      primary: switched ? plan.to : plan.from,
      fence: this.fence,
      steps: this.timeline.steps,
      heldMs: this.heldFrom === undefined ? 0 : Math.round(((this.releasedAt ?? this.timeline.now()) - this.heldFrom) * 10) / 10,
      cutTransactions: this.cutTransactions.size,
      lostOld: this.lostOld,
      warnings: this.warnings,
      openedAt: this.openedAt,
      closedAt: this.closedAt,
      repointed: switched ? [...this.repointed] : [],
      routersConfirmed: this.routers.confirmed,
      routersMissing: this.routers.missing,
      ...extra,
    };
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
