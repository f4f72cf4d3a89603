import { performance } from 'node:perf_hooks';

const beatMs = 50;
/** A beat that is late by less is nothing. */
const lateMs = 50;
const keptMs = 10_000;

/**
 * How long this process itself did not get to read what had arrived: it was busy, or had no CPU. That all members are late at one
 * moment says nothing about them, and asking them all the more would only make it worse.
 */
export class Stalls {
  private readonly known: { at: number; ms: number }[] = [];
  private lastBeat: number;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.lastBeat = now();
  }

  /** To be called every `beatMs`. */
  beat(): void {
    const now = this.now();
    const ms = now - this.lastBeat - beatMs;
    this.lastBeat = now;
    if (ms >= lateMs) this.known.push({ at: now, ms });
    while (this.known[0] && now - this.known[0].at > keptMs) this.known.shift();
  }

  /** Milliseconds of stalls since a moment; also of one that goes on. */
  since(moment: number): number {
    const now = this.now();
    const open = now - this.lastBeat - beatMs;
    let total = open >= lateMs ? Math.min(open, now - moment) : 0;
    for (const { at, ms } of this.known) if (at > moment) total += Math.min(ms, at - moment);
    return total;
  }
}

let shared: Stalls | undefined;

/** Of this process; it begins to count at the first call. */
export function stalls(): Stalls {
  if (shared) return shared;
  const begun = new Stalls();
  setInterval(() => begun.beat(), beatMs).unref();
  return (shared = begun);
}
