/** Changes of what the guard remembers, as pure functions over plain data. */
import type { GuardMemory } from '../../schemas/guard';
import type { ClusterState } from '../../schemas/topology';

/** First pause after a heal that failed; it doubles with each failure in a row. */
const firstPauseMs = 5000;
const longestPauseMs = 300_000;
/** Pivots beyond this many are forgotten; those within any sensible window are far fewer. */
const pivotsKept = 20;

export const newMemory = (state: ClusterState): GuardMemory => ({ state, findings: [], pivots: [], attempts: {} });

/** The primary changed: what was known of roles, readers and failures is void. */
export function adoptState(memory: GuardMemory, state: ClusterState): GuardMemory {
  if (state.epoch < memory.state.epoch) return memory;
  const moved = state.epoch > memory.state.epoch;
  return {
    ...memory,
    state,
    findings: moved ? [] : memory.findings,
    attempts: moved ? {} : memory.attempts,
    readers: moved ? undefined : memory.readers,
    fencingUntil: moved ? undefined : memory.fencingUntil,
    pivots: memory.pivots
      .map((pivot) => (pivot.outcome === 'running' && pivot.epoch <= state.epoch ? { ...pivot, outcome: 'done' as const } : pivot))
      .slice(-pivotsKept),
  };
}

export function noteFailure(memory: GuardMemory, name: string, error: string, now: string): GuardMemory {
  const failed = (memory.attempts[name]?.failed ?? 0) + 1;
  const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (failed - 1));
  return { ...memory, attempts: { ...memory.attempts, [name]: { failed, notBefore: after(now, pause), lastError: error.slice(0, 300) } } };
}

/** Not tried at all (somebody else holds the cluster): no failure, only later. */
export function notePostponed(memory: GuardMemory, name: string, why: string, now: string): GuardMemory {
  const failed = memory.attempts[name]?.failed ?? 0;
  return {
    ...memory,
    attempts: { ...memory.attempts, [name]: { failed, notBefore: after(now, firstPauseMs), lastError: why.slice(0, 300) } },
  };
}

export function noteSuccess(memory: GuardMemory, name: string): GuardMemory {
  return { ...memory, attempts: Object.fromEntries(Object.entries(memory.attempts).filter(([each]) => each !== name)) };
}

/** Milliseconds until something that was put off may be done; undefined when nothing was. */
export function nextDeadline(memory: GuardMemory, now: string): number | undefined {
  const times = [
    memory.fencingUntil,
    memory.healAfter,
    memory.maintenance?.until,
    ...Object.values(memory.attempts).map(({ notBefore }) => notBefore),
  ];
  const left = times.flatMap((time) => (time === undefined ? [] : [Date.parse(time) - Date.parse(now)])).filter((ms) => ms > 0);
  return left.length > 0 ? Math.min(...left) : undefined;
}

export const after = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();
