import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';

import type { Diagnosis, Finding, WatchInput, WatchReport } from '../../schemas/guard';
import { clusterTarget } from '../../schemas/names';
import { Debounce, sameFindings } from './debounce';
import { diagnose } from './diagnose';
import { pause } from './line';
import { Scene, type WatchTools } from './scene';

/** Pauses between two rounds of questions to the replicas, by how long ago the first sign was seen. */
const rounds = [
  { until: 300, pauseMs: 8 },
  { until: 4000, pauseMs: 60 },
  { until: 20_000, pauseMs: 250 },
  { until: Infinity, pauseMs: 1000 },
];
/** The loss of a later epoch's news is waited for: the pivot that made it tells the guard itself. */
const epochMovedAfterMs = 1500;
const quietPauseMs = 500;
/** Observers are told of a doubt at most so often: on a bad network there may be many. */
const tellDoubtsEveryMs = 5000;
const doubtEndsAfterMs = 3500;
/** With one of these there is no doubt any more. */
const certain: Diagnosis[] = ['PrimaryDead', 'PrimaryDeadAndSomeReplicas', 'PrimaryHung', 'AllMembersDead'];

/**
 * Watches one cluster until what is found differs from what is known. Quiet, it costs a few questions per second; at the first sign
 * that the primary is lost it asks all replicas again and again until they agree.
 */
export class Watch {
  private readonly scene: Scene;
  private readonly debounce: Debounce;
  private firstSign?: { at: string; since: number };
  private epochMovedSince?: number;
  private wake: () => void = () => undefined;

  constructor(
    private readonly tools: WatchTools,
    private readonly input: WatchInput,
    /** Called at the first sign that the primary is lost, for whoever wants to look as well. */
    private readonly doubted: () => void = () => undefined,
  ) {
    this.scene = new Scene(tools, input, () => this.wake());
    this.debounce = new Debounce(input.known, performance.now());
  }

  /** Ends with `shutdown` when the signal fires. */
  async run(signal: AbortSignal): Promise<WatchReport> {
    const own = new AbortController();
    setMaxListeners(0, own.signal);
    const stop = (): void => own.abort();
    signal.addEventListener('abort', stop, { once: true });
    const ignore = this.tools.events.listen(clusterTarget(this.input.state.definition.name), (event) => this.scene.hint(event, own.signal));
    this.scene.begin(own.signal);
    try {
      return await this.loop(own.signal);
    } finally {
      ignore();
      await this.scene.end();
      signal.removeEventListener('abort', stop);
      own.abort();
    }
  }

  private async loop(signal: AbortSignal): Promise<WatchReport> {
    const ends = performance.now() + this.input.maxSeconds * 1000;
    const known = this.input.known;
    for (;;) {
      if (signal.aborted) return this.report('shutdown', known);
      const urgent = this.urgent();
      if (urgent) await this.scene.askReplicas();
      const told = this.tell();
      if (told && !sameFindings(told, known) && !this.waitsForWitnesses(told)) return this.report('changed', told);
      if (this.epochMoved()) return this.report('epoch-moved', told ?? known);
      if (performance.now() >= ends) return this.report('tick', told ?? known);
      await this.sleep(urgent ? this.roundPause() : quietPauseMs, signal);
    }
  }

  /** Whether the primary gives a sign of being lost. */
  private urgent(): boolean {
    const lost = this.scene.primaryDoubted();
    if (!lost) this.firstSign = undefined;
    else if (!this.firstSign) {
      this.firstSign = { at: new Date().toISOString(), since: performance.now() };
      this.scene.beginDoubt();
      this.tellDoubt(this.firstSign.since);
    }
    return lost;
  }

  private doubtToldAt = -Infinity;

  private tellDoubt(now: number): void {
    if (now - this.doubtToldAt < tellDoubtsEveryMs) return;
    this.doubtToldAt = now;
    this.doubted();
  }

  /** A doubt ends within three seconds; a watch that ended for less meanwhile would have to begin to count anew. */
  private waitsForWitnesses(told: Finding[]): boolean {
    if (!this.firstSign || performance.now() - this.firstSign.since > doubtEndsAfterMs) return false;
    return !told.some(({ diagnosis }) => certain.includes(diagnosis));
  }

  private roundPause(): number {
    const age = performance.now() - (this.firstSign?.since ?? 0);
    return rounds.find(({ until }) => age < until)?.pauseMs ?? quietPauseMs;
  }

  /** What is to be told now; undefined while too little was seen to say anything. */
  private tell(): Finding[] | undefined {
    if (!this.scene.ready()) return undefined;
    const seen = this.scene.look();
    const found = diagnose(this.input.state, seen.observation, seen.facts, this.input.readers);
    // Of what was not looked at yet, that which was known stays.
    const unseen = this.input.known.filter(({ member }) => member !== undefined && seen.unseen.has(member));
    const kept = found.filter(({ member }) => member === undefined || !seen.unseen.has(member));
    return this.debounce.update([...kept, ...unseen], performance.now());
  }

  private epochMoved(): boolean {
    const now = performance.now();
    if (!this.scene.laterEpochSeen()) this.epochMovedSince = undefined;
    else this.epochMovedSince ??= now;
    return this.epochMovedSince !== undefined && now - this.epochMovedSince >= epochMovedAfterMs;
  }

  private report(kind: WatchReport['kind'], findings: Finding[]): WatchReport {
    const { observation } = this.scene.look();
    return { kind, findings, observation, firstSignAt: this.firstSign?.at ?? observation.at };
  }

  /** Sleeps, or wakes at the next sign. */
  private async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    const stop = (): void => woken.abort();
    signal.addEventListener('abort', stop, { once: true });
    await pause(ms, woken.signal);
    signal.removeEventListener('abort', stop);
    this.wake = () => undefined;
  }
}
