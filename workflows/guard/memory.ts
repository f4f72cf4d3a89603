/** Changes of what the guard remembers, as pure functions over plain data. */
import type { GuardAction, GuardAttempt, GuardMemory } from '../../schemas/guard';
import type { ClusterState } from '../../schemas/topology';

/** First pause after a heal that failed; it doubles with each failure in a row. */
const firstPauseMs = 5000;
const longestPauseMs = 300_000;
/** A watch sees within this time that a member was started or follows. */
const settleMs = 8000;
/** A pivot that failed (nobody could be promoted) is tried again after this pause, if the primary is still lost then. */
export const retryPivotMs = 15_000;
/** While a pivot is at work its critical path is left alone; then the guard looks again, in case the pivot waits for a person. */
export const leavePivotAloneMs = 4000;
/** Pivots beyond this many are forgotten; those within any sensible window are far fewer. */
const pivotsKept = 20;

export const newMemory = (state: ClusterState): GuardMemory => ({ state, findings: [], pivots: [], attempts: {} });

/** The primary changed: what was known of roles, readers and failures is void. */
export function adoptState(memory: GuardMemory, state: ClusterState): GuardMemory {
  if (state.epoch < memory.state.epoch) return memory;
  const moved = state.epoch > memory.state.epoch;
  const gone = memory.state.members.map(({ name }) => name).filter((name) => !state.members.some((member) => member.name === name));
  const rebuilding = memory.rebuilding?.filter((name) => !gone.includes(name));
  return {
    ...memory,
    state,
    findings: moved ? [] : memory.findings.filter(({ member }) => member === undefined || !gone.includes(member)),
    attempts: moved ? {} : memory.attempts,
    readers: moved ? undefined : memory.readers,
    ...(rebuilding === undefined ? {} : { rebuilding }),
    fencingUntil: moved ? undefined : memory.fencingUntil,
    pivots: memory.pivots
      .map((pivot) => (pivot.outcome === 'running' && pivot.epoch <= state.epoch ? { ...pivot, outcome: 'done' as const } : pivot))
      .slice(-pivotsKept),
  };
}

/** Attempts are counted by what is done and to whom: a member that was just started may be let follow at once. */
export const attemptKey = (kind: GuardAction['kind'], name: string): string => `${kind}:${name}`;

const note = (memory: GuardMemory, key: string, attempt: GuardAttempt): GuardMemory => ({
  ...memory,
  attempts: { ...memory.attempts, [key]: attempt },
});

export function noteFailure(memory: GuardMemory, key: string, error: string, now: string): GuardMemory {
  const failed = (memory.attempts[key]?.failed ?? 0) + 1;
  const unreachable = unreachableOf(memory, key) + (/^(MemberUnreachable|TimedOut):/.test(error) ? 1 : 0);
  const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (failed - 1));
  return note(memory, key, { failed, unreachable, notBefore: after(now, pause), lastError: error.slice(0, 300) });
}

/** Attempts that failed because somebody was not reached. Building a member anew is no remedy for a network that is cut. */
export const unreachableOf = (memory: GuardMemory, key: string): number => memory.attempts[key]?.unreachable ?? 0;

/** Not tried at all (somebody else holds the cluster): no failure, only later. */
export function notePostponed(memory: GuardMemory, key: string, why: string, now: string): GuardMemory {
  const failed = memory.attempts[key]?.failed ?? 0;
  const unreachable = unreachableOf(memory, key);
  return note(memory, key, { failed, unreachable, notBefore: after(now, firstPauseMs), lastError: why.slice(0, 300) });
}

/**
 * Done, as far as the hands can tell: the watch is given time to see it. It counts as an attempt until the finding is gone, so
 * that what breaks again and again is not mended in the same way for ever.
 */
export function noteDone(memory: GuardMemory, key: string, now: string): GuardMemory {
  if (key.startsWith('set-readers:')) return note(memory, key, { failed: 0, notBefore: now, lastError: '' });
  const failed = (memory.attempts[key]?.failed ?? 0) + 1;
  return note(memory, key, { failed, unreachable: unreachableOf(memory, key), notBefore: after(now, settleMs), lastError: '' });
}

/** A member that is half built must never be taken for one that only has to follow: whoever builds it says so first, and when it is done. */
export function noteRebuilding(memory: GuardMemory, member: string, on: boolean, operation?: string): GuardMemory {
  const others = (memory.rebuilding ?? []).filter((each) => each !== member);
  const builders = Object.entries(memory.builders ?? {}).filter(([name]) => name !== member);
  if (on && operation !== undefined) builders.push([member, operation]);
  return {
    ...memory,
    rebuilding: on ? [...others, member] : others,
    ...(memory.builders || builders.length > 0 ? { builders: Object.fromEntries(builders) } : {}),
  };
}

/** What is well again has no history of attempts. */
export function forgetHealthy(memory: GuardMemory): GuardMemory {
  const sick = new Set(memory.findings.map(({ member }) => member ?? memory.state.primary));
  // Readers are no member: what failed there is forgotten when it succeeds.
  const kept = Object.entries(memory.attempts).filter(
    ([key]) => key.startsWith('set-readers:') || sick.has(key.slice(key.indexOf(':') + 1)),
  );
  return { ...memory, attempts: Object.fromEntries(kept) };
}

/** Milliseconds until something that was put off may be done; undefined when nothing was. */
export function nextDeadline(memory: GuardMemory, now: string): number | undefined {
  const failed = memory.pivots.filter(({ epoch, outcome }) => outcome === 'failed' && epoch === memory.state.epoch + 1).at(-1);
  const times = [
    failed && after(failed.at, retryPivotMs),
    memory.fencingUntil,
    memory.healAfter,
    memory.awaitedUntil,
    memory.maintenance?.until,
    ...Object.values(memory.attempts).map(({ notBefore }) => notBefore),
  ];
  const left = times.flatMap((time) => (time === undefined ? [] : [Date.parse(time) - Date.parse(now)])).filter((ms) => ms > 0);
  return left.length > 0 ? Math.min(...left) : undefined;
}

export const after = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();
