/** What the endpoint answers, from what the guard said and how long ago: pure functions over plain data. */
import { createHash } from 'node:crypto';

import { type Topology, topologyOf } from '../../schemas/announcement';
import type { GuardView } from '../../schemas/guard';
import type { ClusterState } from '../../schemas/topology';

/** What is known of one cluster. */
export interface Known {
  topology: Topology;
  state: ClusterState;
  guard: 'watching' | 'held' | 'absent';
  /** When the guard said so by an answer or by its memo (milliseconds since 1970). */
  asOf: number;
  /** When it answered last. */
  askedAt: number;
  /** ISO time of the guard's last full look at the servers. */
  observedAt?: string;
}

export interface TopologyAnswer extends Topology {
  guard: Known['guard'];
  /** ISO time at which the guard said so. */
  asOf: string;
  observedAt?: string;
  /** The guard could not be asked just now, or has not seen the servers for minutes: this is what was true last. */
  stale: boolean;
}

/** What was asked for so long ago counts as old. */
export const freshMs = 2_000;
/** A guard that watches looks at everything every two minutes at least. */
const blindMs = 180_000;

export const knownOf = (view: GuardView, asOf: number): Known => ({
  topology: topologyOf(view.state),
  state: view.state,
  guard: view.guard,
  asOf,
  askedAt: asOf,
  observedAt: view.lastObservation?.at,
});

export function answerOf({ topology, guard, asOf, askedAt, observedAt }: Known, now: number): TopologyAnswer {
  // A guard has not looked at the servers yet right after a change of primary, which was read from them.
  const blind = observedAt !== undefined && askedAt - Date.parse(observedAt) > blindMs;
  const stale = guard === 'absent' || blind || now - asOf > freshMs;
  return { ...topology, guard, asOf: new Date(asOf).toISOString(), observedAt, stale };
}

/** Of an answer but for its times: whoever has it has nothing new to learn. */
export function etagOf(answer: TopologyAnswer | TopologyAnswer[]): string {
  const timeless = JSON.stringify(answer, (key, value: unknown) => (key === 'asOf' || key === 'observedAt' ? undefined : value));
  return `W/"${createHash('sha256').update(timeless).digest('base64url').slice(0, 22)}"`;
}

/** One event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html): JSON has no line breaks of its own. */
export const eventText = (event: 'topology' | 'deleted', answer: TopologyAnswer): string =>
  `id: ${answer.epoch}\nevent: ${event}\ndata: ${JSON.stringify(answer)}\n\n`;
