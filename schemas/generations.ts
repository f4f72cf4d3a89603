/**
 * Generations of members: during an upgrade a cluster has members of the old version and of the new one side by side. Who of them counts follows from the
 * plan record and the journal's primary. Pure, and without zod: workflows and activities ask here.
 */
import type { Aside, ClusterDefinition } from './cluster';
import type { Cluster, ClusterState, Member, UpgradeRecord } from './topology';

export const generationOf = ({ generation }: Pick<Member, 'generation'>): number => generation ?? 1;

export const isNew = (record: Pick<UpgradeRecord, 'generation'>, member: Pick<Member, 'generation'>): boolean =>
  generationOf(member) === record.generation;

/** Whether two members are of one side of an upgrade; without one all are. */
export function sameSide({ members, upgrade }: Pick<Cluster, 'members' | 'upgrade'>, a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => members.find((member) => member.name === name));
  return !upgrade || !one || !other || isNew(upgrade, one) === isNew(upgrade, other);
}

/** The one that an upgrade adds. */
export const nextGeneration = ({ members }: Pick<Cluster, 'members'>): number => Math.max(1, ...members.map(generationOf)) + 1;

/** How each member stands aside that does; the journal's row of a new primary is what changes it, and nothing else has to be written at that moment. */
export function asideOf({ members, upgrade }: Pick<Cluster, 'members' | 'upgrade'>, primary: string): Record<string, Aside> {
  const first = members.find(({ name }) => name === primary);
  if (!upgrade || !first) return {};
  const cut = isNew(upgrade, first);
  const bothCount = cut ? upgrade.standing === 'returning' : upgrade.standing === 'cutting';
  if (bothCount) return {};
  return Object.fromEntries(
    members.filter((member) => isNew(upgrade, member) !== cut).map(({ name }) => [name, cut ? 'kept' : 'building'] as const),
  );
}

/** The state with the standing of its members in the rules; to be called wherever it is said who is primary. */
export function withStanding<State extends ClusterState>(state: State): State {
  const aside = asideOf(state, state.primary);
  const { definition } = state;
  if (Object.keys(aside).length > 0) return { ...state, definition: { ...definition, aside } };
  return definition.aside === undefined ? state : { ...state, definition: withoutStanding(definition) };
}

/** As it is written down: how members stand follows from the rest. */
export function withoutStanding(definition: ClusterDefinition): ClusterDefinition {
  const bare = { ...definition };
  delete bare.aside;
  return bare;
}

/** What the guard watches: without those that are being built, of whom it is told when they begin to count. */
export function asWatched<State extends ClusterState>(state: State): State {
  const standing = withStanding(state);
  const { aside } = standing.definition;
  if (!aside || !Object.values(aside).includes('building')) return standing;
  return { ...standing, members: standing.members.filter(({ name }) => aside[name] !== 'building') };
}

/** The cluster's definition as one member's server is made by: its own version, image and settings. */
export function definitionOf(definition: ClusterDefinition, member: Pick<Member, 'version' | 'image' | 'settings'>): ClusterDefinition {
  const { version, image, settings } = member;
  if (version === undefined) return definition;
  return { ...definition, version, image, settings: { ...definition.settings, ...settings } };
}
