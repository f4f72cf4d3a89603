/** Delayed and cascading members, as the cluster file names them. Pure, and without zod: workflows and activities ask here. */
import type { Aside, ClusterDefinition } from './cluster';
import type { Member } from './topology';

type Rules = Pick<ClusterDefinition, 'members' | 'aside'>;

/** Seconds by which a member is behind on purpose; 0 when it is not. */
export const delayOf = ({ members }: Rules, name: string): number => members?.[name]?.delaySeconds ?? 0;

/** The member that it replicates from instead of the primary. */
export const followedBy = ({ members }: Rules, name: string): string | undefined => members?.[name]?.follows;

/**
 * It stands beside the primary and its candidates: it is never promoted, never acknowledges, and a switch neither waits for it nor touches it. Its
 * rule decides and not who is primary at the moment, so that what may acknowledge is the same after every pivot (but that of an upgrade).
 */
export const isBystander = (definition: Rules, name: string): boolean =>
  delayOf(definition, name) > 0 || followedBy(definition, name) !== undefined || standsAside(definition, name) !== undefined;

/** It is of a generation that does not count now: the standing of an upgrade decides, and with it who is primary. */
export const standsAside = ({ aside }: Rules, name: string): Aside | undefined => aside?.[name];

/** Nobody reads from a delayed member, nor from one of a generation that does not count. */
export const mayBeRead = (definition: Rules, name: string): boolean =>
  delayOf(definition, name) === 0 && standsAside(definition, name) === undefined;

/** Whom a member may replicate from, the one that its rule names first and the primary last. */
export function sourcesOf(definition: Rules, name: string, primary: string): string[] {
  const sources: string[] = [];
  for (let next = followedBy(definition, name); next !== undefined && next !== primary; next = followedBy(definition, next)) {
    // The schema refuses circles; a definition that comes from elsewhere must not hang us.
    if (next === name || sources.includes(next)) break;
    sources.push(next);
  }
  return [...sources, primary];
}

/** Whether a member's acknowledgement may count: never of one that is never promoted, because what it alone has would be lost to the others. */
export function mayAcknowledge(
  definition: Pick<ClusterDefinition, 'candidates' | 'durability' | 'members' | 'aside'>,
  member: Pick<Member, 'name' | 'host'>,
): boolean {
  return definition.durability === 'semi-sync' && mayBePromoted(definition, member);
}

/** By the rules alone, whatever its state. */
export function mayBePromoted(
  definition: Pick<ClusterDefinition, 'candidates' | 'members' | 'aside'>,
  member: Pick<Member, 'name' | 'host'>,
): boolean {
  const { never, neverHosts } = definition.candidates;
  return !never.includes(member.name) && !neverHosts.includes(member.host) && !isBystander(definition, member.name);
}
