import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';

import type { Facts } from '../../schemas/guard';
import type { ContainerState } from '../../schemas/observation';
import type { ClusterState, Member } from '../../schemas/topology';
import { bounds } from './bounds';
import { judgeObserved, type Observed, type Word } from './judge-observed';
import { Line, pause } from './line';
import { ReplicaWatch } from './replica-watch';
import type { WatchTools } from './scene';
import { Turns } from './turns';
import { witness, type Witness } from './witness';

/** Pauses between two rounds of questions, by how long it has looked. */
const rounds = [
  { until: 300, pauseMs: 10 },
  { until: Infinity, pauseMs: 60 },
];

/**
 * Looks at a cluster whose primary another worker doubts, over connections of its own that are made for this look and end with it: nothing
 * that it says is older than the question. It writes nothing.
 */
export class Observer {
  private readonly primaryMember: Member;
  private readonly primary: Line;
  private readonly replicas: ReplicaWatch[];
  private container: ContainerState = 'unknown';
  private began = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly tools: Pick<WatchTools, 'connect' | 'turns' | 'containerState'>,
    private readonly state: ClusterState,
  ) {
    const primary = state.members.find(({ name }) => name === state.primary);
    if (!primary) throw new RangeError(`${state.primary} is not a member of ${state.definition.name}`);
    this.primaryMember = primary;
    // Not in turn with all others: when a host is lost, many primaries that answer nothing would keep replicas that do from being asked.
    this.primary = this.line(primary, new Turns(1));
    this.replicas = state.members
      .filter((member) => member !== primary)
      .map((member) => new ReplicaWatch(member, this.line(member, tools.turns)));
  }

  private line(member: Member, turns: Turns): Line {
    const options = { purpose: 'guard', connectTimeoutMs: bounds.connectTimeoutMs, queryTimeoutMs: bounds.observerWithinMs } as const;
    return new Line(
      () => this.tools.connect(this.state.definition.name, member, options),
      () => this.wake(),
      turns,
    );
  }

  /** Answers within `bounds.observerWithinMs`. Throws when the signal fires. */
  async look(signal: AbortSignal): Promise<Word> {
    const own = new AbortController();
    setMaxListeners(0, own.signal);
    const stop = (): void => own.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.begin(own.signal);
      for (;;) {
        signal.throwIfAborted();
        this.askReplicas();
        const now = performance.now();
        const word = judgeObserved(this.seen(now), now - this.began);
        if (word) return word;
        await this.sleep(rounds.find(({ until }) => now - this.began < until)?.pauseMs ?? 60, own.signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      own.abort();
    }
  }

  private begin(signal: AbortSignal): void {
    this.began = performance.now();
    for (const line of [this.primary, ...this.replicas.map((replica) => replica.line)]) void line.keep(signal);
    for (const replica of this.replicas) replica.beginDoubt();
    void this.tools
      .containerState(this.primaryMember)
      .then((container) => (this.container = container))
      .catch(() => undefined);
  }

  private askReplicas(): void {
    for (const replica of this.replicas) {
      if (!replica.line.opening || replica.line.asked) continue;
      void replica
        .look()
        .catch(() => undefined)
        .then(() => this.wake());
    }
  }

  private seen(now: number): Observed {
    const { name } = this.primaryMember;
    const view = this.primary.view(now, bounds.lateAfterMs);
    const silent = this.primary.missing(now, bounds.unheardAfterMs);
    return {
      primary: { name, reach: view?.reach, error: view?.error, container: this.container, silent },
      replicas: this.replicas.map((replica) => ({
        name: replica.member.name,
        word: this.wordOf(replica, now),
        // What was on its way when the primary died arrives a moment later.
        heard: replica.heardInDoubtAt !== undefined && replica.heardInDoubtAt - this.began >= bounds.underWayMs,
      })),
    };
  }

  private wordOf(replica: ReplicaWatch, now: number): Witness | undefined {
    const { name } = replica.member;
    const seen = replica.reach(now);
    if (seen === undefined || (seen.reach === 'answers' && replica.view === undefined)) return undefined;
    const facts: Pick<Facts, 'unheardMs'> = { unheardMs: { [name]: replica.unheardMs(now) } };
    return witness({ name, reach: seen.reach, container: 'unknown', replication: replica.view ?? undefined }, this.primaryMember, facts);
  }

  /** Sleeps, or wakes when something has come. */
  private async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const stop = (): void => woken.abort();
    this.wake = stop;
    signal.addEventListener('abort', stop, { once: true });
    await pause(ms, woken.signal);
    signal.removeEventListener('abort', stop);
    this.wake = () => undefined;
  }
}
