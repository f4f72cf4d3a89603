import { performance } from 'node:perf_hooks';

import type { Facts, WatchInput } from '../../schemas/guard';
import type { ContainerState, MemberView, Observation, Reach, RouterView } from '../../schemas/observation';
import type { Cluster, ClusterState, Member } from '../../schemas/topology';
import type { Connect } from '../mysql/types';
import { bounds } from './bounds';
import type { EngineEvent, EngineEvents } from './engine-events';
import { Heartbeat } from './heartbeat';
import { Line, type Opening, pause } from './line';
import { PrimaryWatch } from './primary-watch';
import { ReplicaWatch } from './replica-watch';
import type { Turns } from './turns';

/** What a watch is given; the only place for what it needs from outside. */
export interface WatchTools {
  connect: Connect;
  /** In which lines that were not connected yet connect: shared by all watches of a process. */
  turns: Turns;
  /** Everything that a pivot needs to know of one member; `state` is what it has executed, in the form that `errantOf` compares. */
  observe: (opening: Opening) => Promise<{ view: MemberView; state?: string }>;
  errantOf: (member: string, primary: string) => string;
  containerState: (member: Member) => Promise<ContainerState>;
  viewRouters: (cluster: Cluster) => Promise<RouterView[]>;
  events: Pick<EngineEvents, 'listen'>;
}

export interface Seen {
  observation: Observation;
  facts: Facts;
  /** Members and routers that were not looked at yet. */
  unseen: Set<string>;
}

/** After so long a watch speaks even if some part was not seen yet. */
const readyWithinMs = 1500;

/** All that one watch sees of a cluster, kept up to date by loops that run until the watch ends. */
export class Scene {
  private readonly state: ClusterState;
  private readonly primaryMember: Member;
  private readonly primary: PrimaryWatch;
  private readonly heartbeatLine: Line;
  private readonly heartbeat: Heartbeat;
  private readonly replicas: ReplicaWatch[];
  private readonly suspected = new Map<string, string>();
  private readonly views = new Map<string, MemberView>();
  private readonly containers = new Map<string, ContainerState>();
  private routers?: RouterView[];
  private restarted = false;
  private readonly began = performance.now();
  /** Start of the last round of questions; a replica that has not answered it counts as silent. */
  private roundAt = 0;
  private roundOver = true;

  constructor(
    private readonly tools: WatchTools,
    private readonly input: WatchInput,
    private readonly changed: () => void,
  ) {
    this.state = input.state;
    const primary = this.state.members.find(({ name }) => name === this.state.primary);
    if (!primary) throw new RangeError(`${this.state.primary} is not a member of ${this.state.definition.name}`);
    this.primaryMember = primary;
    this.primary = new PrimaryWatch(this.line(primary), this.line(primary));
    this.heartbeatLine = this.line(primary);
    this.heartbeat = new Heartbeat(this.heartbeatLine, () => this.observeSoon());
    this.replicas = this.state.members.filter((member) => member !== primary).map((member) => new ReplicaWatch(member, this.line(member)));
  }

  private line(member: Member): Line {
    const options = { purpose: 'guard', connectTimeoutMs: bounds.connectTimeoutMs, queryTimeoutMs: 5000 } as const;
    return new Line(
      () => this.tools.connect(this.state.definition.name, member, options),
      () => this.changed(),
      this.tools.turns,
    );
  }

  /** Starts all loops; they end with the signal. */
  begin(signal: AbortSignal): void {
    void this.connectAll(signal);
    void this.primary.probe(signal, () => this.changed());
    void this.heartbeat.run(signal);
    for (const replica of this.replicas) void replica.run(signal, () => this.heartbeat.lastWritten);
    void this.keepObserving(signal);
    void this.repeat(bounds.lookEveryMs, signal, () => this.inspect());
    void this.repeat(bounds.routersEveryMs, signal, () => this.viewRouters());
  }

  /**
   * One after the other where they answer: all at once would take a small machine from the clients for 50 ms, just when they come back
   * after a pivot. With a sign that the primary is lost all are wanted now.
   */
  private async connectAll(signal: AbortSignal): Promise<void> {
    const lines = [this.primary.idle, this.primary.second, ...this.replicas.map(({ line }) => line), this.heartbeatLine];
    for (const line of lines) {
      void line.keep(signal);
      if (!this.primaryDoubted()) await pause(bounds.staggerMs, signal);
    }
  }

  async end(): Promise<void> {
    await this.heartbeat.giveUp(this.primary.second);
  }

  private async repeat(everyMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work().catch(() => undefined);
      await pause(everyMs, signal);
    }
  }

  /** Observes every few seconds, at once when something is not known yet, and soon when something happened. */
  private async keepObserving(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.observe(signal).catch(() => undefined);
      await pause(bounds.observeAtMostEveryMs, signal);
      const asked = new AbortController();
      this.observeSoon = () => {
        asked.abort();
        this.changed();
      };
      const stop = (): void => asked.abort();
      signal.addEventListener('abort', stop, { once: true });
      const incomplete = this.views.size < this.state.members.length && performance.now() - this.began < readyWithinMs;
      await pause(incomplete ? 0 : bounds.observeEveryMs, asked.signal);
      signal.removeEventListener('abort', stop);
    }
  }

  private observeSoon: () => void = () => this.changed();

  /** The engine told of a container: look at it now. */
  hint(event: EngineEvent, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (this.state.routers.some(({ name }) => name === event.name)) {
      // A router that has just started needs a moment until it answers.
      void pause(event.action === 'start' ? 300 : 0, signal).then(() => this.viewRouters().catch(() => undefined));
      return;
    }
    const line =
      event.name === this.state.primary ? this.primary.idle : this.replicas.find(({ member }) => member.name === event.name)?.line;
    if (line?.opening && !line.asked) void line.ask(({ session }) => session.query('SELECT 1')).catch(() => undefined);
    void this.inspect().catch(() => undefined);
  }

  /** True when the primary gives a sign of being lost: then the replicas are asked. */
  primaryDoubted(): boolean {
    const now = performance.now();
    const { known, reach } = this.primary.sight(now);
    // A line that is being made for the first time is late when an answer would be; one that was lost is missed at once.
    if (!known) return this.primary.idle.missing(now, bounds.lateAfterMs);
    return reach === 'closed' || reach === 'refused' || reach === 'silent';
  }

  /** The primary gave a first sign of being lost. */
  beginDoubt(): void {
    for (const replica of this.replicas) replica.beginDoubt();
  }

  /** Asks every replica that is connected, all at once, and waits for those that answer in time. */
  async askReplicas(): Promise<void> {
    this.roundAt = performance.now();
    this.roundOver = false;
    const asked = this.replicas.filter(({ line }) => line.opening !== undefined).map((replica) => replica.look().catch(() => undefined));
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, bounds.witnessWithinMs);
    });
    await Promise.race([Promise.all(asked), bound]);
    clearTimeout(timer);
    this.roundOver = true;
  }

  /** Whether enough was seen to say anything. */
  ready(): boolean {
    const now = performance.now();
    if (!this.primary.sight(now).known) return false;
    if (now - this.began > readyWithinMs) return true;
    // When the watch begins with a lost primary, replicas are heard first.
    if (this.primaryDoubted()) return this.replicas.every((replica) => replica.reach(now) !== undefined);
    return this.views.size === this.state.members.length;
  }

  look(): Seen {
    const now = performance.now();
    const unseen = new Set<string>();
    const sight = this.primary.sight(now);
    const members = this.state.members.map((member): MemberView => {
      if (member === this.primaryMember) return this.member(member, sight.reach, sight.error);
      const replica = this.replicas.find((watch) => watch.member === member);
      const view = this.replicaReach(replica, now);
      if (view === undefined || (view.reach === 'answers' && replica?.view === undefined)) unseen.add(member.name);
      const seen = this.member(member, view?.reach ?? 'silent', view?.error);
      if (seen.reach !== 'answers') return seen;
      return { ...seen, replication: replica?.view ?? undefined };
    });
    for (const { name } of this.state.routers) if (!this.routers?.some((router) => router.name === name)) unseen.add(name);
    const expected = this.input.expectFencingUntil;
    const facts: Facts = {
      primarySilentMs: sight.reach === 'answers' ? 0 : sight.silentMs,
      heartbeat: this.heartbeat.facts(now),
      unheardMs: Object.fromEntries(this.replicas.map((replica) => [replica.member.name, replica.unheardMs(now)])),
      lagMs: Object.fromEntries(this.replicas.map((replica) => [replica.member.name, replica.lagMs(this.heartbeat.lastWritten)])),
      primaryRestarted: this.restarted,
      fencingExpected: expected !== undefined && Date.now() < Date.parse(expected),
    };
    return { observation: { at: new Date().toISOString(), members, routers: this.routers ?? [] }, facts, unseen };
  }

  private replicaReach(replica: ReplicaWatch | undefined, now: number): { reach: Reach; error?: string } | undefined {
    const view = replica?.reach(now);
    // In a round of questions an old answer proves nothing about the primary.
    if (view?.reach === 'answers' && this.primaryDoubted() && this.roundOver && (replica?.lookedAt ?? 0) < this.roundAt)
      return { reach: 'silent', error: `did not answer within ${bounds.witnessWithinMs} ms` };
    return view;
  }

  private member(member: Member, reach: Reach, error?: string): MemberView {
    const container = reach === 'answers' ? 'running' : (this.containers.get(member.name) ?? 'unknown');
    if (reach !== 'answers') return { name: member.name, reach, error, container };
    return { ...this.views.get(member.name), name: member.name, reach, container };
  }

  laterEpochSeen(): boolean {
    return [...this.views.values()].some(({ journal }) => (journal?.epoch ?? 0) > this.state.epoch);
  }

  /** The full observation of every member that answers: replicas first, so that what they have more is really more. */
  private async observe(signal: AbortSignal): Promise<void> {
    if (this.primaryDoubted()) return;
    const looks: Promise<string | undefined>[] = [];
    for (const { member, line } of this.replicas) {
      const look = this.observeOn(line, member);
      looks.push(look);
      await Promise.race([look, pause(bounds.staggerMs, signal)]);
    }
    const states = await Promise.all(looks);
    const executed = await this.observeOn(this.primary.second, this.primaryMember);
    for (const [index, { member }] of this.replicas.entries()) {
      const view = this.views.get(member.name);
      const state = states[index];
      if (view && state !== undefined && executed !== undefined) view.errant = this.errantForSure(member.name, state, executed);
    }
    await this.heartbeat.askWhy(this.primary.second).catch(() => undefined);
    const readOnly = this.views.get(this.state.primary)?.readOnly === true;
    this.restarted = readOnly ? await this.primary.restarted().catch(() => false) : false;
    this.changed();
  }

  /**
   * With semi-sync a replica applies what the primary does not count as executed before the receipt came. So errant is only what was
   * beyond the primary in the observation before, too, and is still.
   */
  private errantForSure(name: string, state: string, executed: string): string | undefined {
    const before = this.suspected.get(name) ?? '';
    this.suspected.set(name, this.tools.errantOf(state, executed));
    return this.tools.errantOf(before, executed) || undefined;
  }

  /** Answers what the member has executed. */
  private async observeOn(line: Line, member: Member): Promise<string | undefined> {
    if (!line.opening || line.asked) return undefined;
    try {
      const { view, state } = await line.ask((opening) => this.tools.observe(opening));
      if (view.reach === 'answers') this.views.set(member.name, view);
      if (view.reach === 'answers') this.replicas.find((replica) => replica.member === member)?.saw(view.replication ?? null);
      return state;
    } catch {
      // What it last said is not true any more when it does not answer; the line itself tells that it does not.
      this.views.delete(member.name);
      return undefined;
    }
  }

  /** Asks the engine about members that do not answer. */
  private async inspect(): Promise<void> {
    const now = performance.now();
    // What it waits for is seen by the observation.
    if (this.heartbeat.facts(now).blockedMs > bounds.lookEveryMs) this.observeSoon();
    const silent = this.state.members.filter((member) => {
      const reach =
        member === this.primaryMember
          ? this.primary.sight(now).reach
          : this.replicas.find((each) => each.member === member)?.reach(now)?.reach;
      if (reach === 'answers') this.containers.delete(member.name);
      return reach !== undefined && reach !== 'answers';
    });
    await Promise.all(silent.map(async (member) => void this.containers.set(member.name, await this.tools.containerState(member))));
    if (silent.length > 0) this.changed();
  }

  private async viewRouters(): Promise<void> {
    this.routers = await this.tools.viewRouters(this.state);
    this.changed();
  }
}
