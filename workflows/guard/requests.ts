/** What people and operations may tell the guard, read without trust: a malformed signal is noted, never thrown. Pure. */
import { asWatched } from '../../schemas/generations';
import { observerName } from '../../schemas/names';
import type { Watchers } from '../../schemas/sight';
import type { ClusterState } from '../../schemas/topology';
import type { MaintenanceRequest } from './maintenance';

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const isTime = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value));

/** `{epoch, primary}` or a whole state; undefined when it names no member or no epoch. */
export function readChange(value: unknown, state: ClusterState): ClusterState | undefined {
  const { epoch, primary, members, routers, definition } = fields(value) as Partial<ClusterState>;
  const next: ClusterState = {
    ...state,
    definition: definition ?? state.definition,
    members: Array.isArray(members) ? members : state.members,
    routers: Array.isArray(routers) ? routers : state.routers,
    epoch: epoch ?? state.epoch,
    primary: primary ?? state.primary,
  };
  const valid = Number.isInteger(next.epoch) && next.members.some((member) => member?.name === next.primary);
  return valid ? asWatched(next) : undefined;
}

/**
 * The plan as an operation has written it down: other members, other rules. Who is primary is the guard's own knowledge, which a pivot may have changed
 * meanwhile. Undefined when it is no plan of this cluster, or older than what is known.
 */
export function readPlan(value: unknown, state: ClusterState): ClusterState | undefined {
  const plan = fields(value) as Partial<ClusterState>;
  const { definition, members, routers, created, revision, removed, adoption, upgrade } = plan;
  const mine = typeof definition?.name === 'string' && definition.name === state.definition.name && created === state.created;
  if (!mine || !Array.isArray(members) || !Array.isArray(routers) || !Number.isInteger(revision)) return undefined;
  if ((revision ?? 0) < (state.revision ?? 0) || !members.some((member) => member?.name === state.primary)) return undefined;
  const { epoch, primary } = state;
  const known = {
    definition,
    created,
    members,
    routers,
    revision,
    removed,
    ...(adoption ? { adoption } : {}),
    ...(upgrade ? { upgrade } : {}),
  };
  return asWatched({ ...known, epoch, primary });
}

/** No longer than this: an operation that died must not blind the guard, nor keep it from healing. */
const longestFencingMs = 120_000;
const longestAwaitedMs = 120_000;

export const readFencing = (value: unknown, now: string): string | undefined => readUntil(value, now, longestFencingMs);

/** An operation waits until what the guard heals is done, or waits no longer. */
export const readAwaited = (value: unknown, now: string): string | undefined => readUntil(value, now, longestAwaitedMs);

function readUntil(value: unknown, now: string, longestMs: number): string | undefined {
  const { until } = fields(value);
  if (!isTime(until)) return undefined;
  return new Date(Math.min(Date.parse(until), Date.parse(now) + longestMs)).toISOString();
}

export function readMaintenance(value: unknown): MaintenanceRequest | undefined {
  const { on, until } = fields(value);
  if (typeof on !== 'boolean' || (until !== undefined && !isTime(until))) return undefined;
  return { on, until: isTime(until) ? new Date(until).toISOString() : undefined, ...readPerson(value) };
}

/** Which replica an operation begins, or has ended, to build: also one that is only about to be a member. */
export function readRebuilding(value: unknown, state: ClusterState): { name: string; on: boolean; operation?: string } | undefined {
  const { member, on, operation } = fields(value);
  const possible = typeof member === 'string' && /^[a-z][a-z0-9-]{0,33}$/.test(member) && member !== state.primary;
  return possible && typeof on === 'boolean' ? { name: member, on, ...(typeof operation === 'string' ? { operation } : {}) } : undefined;
}

/** A watch has a first sign of a loss, and who else is to look. */
export function readDoubt(value: unknown): { epoch: number; watchers: Watchers } | undefined {
  const { epoch, watchers } = fields(value);
  const { self, observers } = fields(watchers);
  const isName = (name: unknown): name is string => typeof name === 'string' && observerName.test(name);
  if (typeof epoch !== 'number' || !Array.isArray(observers) || !observers.every(isName) || observers.length > mostObservers)
    return undefined;
  return { epoch, watchers: { ...(isName(self) ? { self } : {}), observers } };
}

/** More than the inventory may name: whoever sends a signal must not make the guard ask the whole world. */
const mostObservers = 20;

export function readPerson(value: unknown): { by: string; reason: string } {
  const { by, reason } = fields(value);
  return {
    by: typeof by === 'string' ? by.slice(0, 100) : 'somebody',
    reason: typeof reason === 'string' ? reason.slice(0, 300) : 'asked for',
  };
}
