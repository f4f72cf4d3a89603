/** What people and operations may tell the guard, read without trust: a malformed signal is noted, never thrown. Pure. */
import type { ClusterState } from '../../schemas/topology';

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const isTime = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value));

/** `{epoch, primary}` or a whole state; undefined when it names no member or no epoch. */
export function readChange(value: unknown, state: ClusterState): ClusterState | undefined {
  const { epoch, primary, members, routers, definition } = fields(value) as Partial<ClusterState>;
  const next: ClusterState = {
    definition: definition ?? state.definition,
    created: state.created,
    members: Array.isArray(members) ? members : state.members,
    routers: Array.isArray(routers) ? routers : state.routers,
    epoch: epoch ?? state.epoch,
    primary: primary ?? state.primary,
  };
  const valid = Number.isInteger(next.epoch) && next.members.some((member) => member?.name === next.primary);
  return valid ? next : undefined;
}

/** No longer than this: an operation that died must not blind the guard. */
const longestFencingMs = 120_000;

export function readFencing(value: unknown, now: string): string | undefined {
  const { until } = fields(value);
  if (!isTime(until)) return undefined;
  return new Date(Math.min(Date.parse(until), Date.parse(now) + longestFencingMs)).toISOString();
}

export function readMaintenance(value: unknown, now: string): { on: boolean; until?: string; since: string } | undefined {
  const { on, until } = fields(value);
  if (typeof on !== 'boolean' || (until !== undefined && !isTime(until))) return undefined;
  return { on, since: now, until: isTime(until) ? until : undefined };
}

export function readPerson(value: unknown): { by: string; reason: string } {
  const { by, reason } = fields(value);
  return {
    by: typeof by === 'string' ? by.slice(0, 100) : 'somebody',
    reason: typeof reason === 'string' ? reason.slice(0, 300) : 'asked for',
  };
}
