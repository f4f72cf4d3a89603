/** Decisions about a cluster's definition: pure functions. */
import type { ClusterChanges, ClusterDefinition } from '../../schemas/cluster';
import { isBystander, mayBePromoted } from '../../schemas/member-rules';
import type { CreationPreview } from '../../schemas/creation';
import type { Problem } from '../../schemas/error-codes';
import type { Member } from '../../schemas/topology';

/** The member that is opened first: the candidate rules decide, then the order of the names. */
export function firstPrimary(definition: ClusterDefinition, members: Pick<Member, 'name' | 'host'>[]): string | undefined {
  const { prefer, preferHosts } = definition.candidates;
  const allowed = members.filter((member) => mayBePromoted(definition, member));
  const byName = prefer.map((name) => allowed.find((member) => member.name === name)).find(Boolean);
  const byHost = preferHosts.map((host) => allowed.find((member) => member.host === host)).find(Boolean);
  return (byName ?? byHost ?? allowed[0])?.name;
}

/** Names and hosts of the members and routers that a definition leads to; addresses are known when it is made. */
export function plannedMembers({ name, hosts, replicas }: ClusterDefinition): { name: string; host: string }[] {
  return Array.from({ length: replicas + 1 }, (_, index) => ({ name: `${name}-${index + 1}`, host: hosts[index % hosts.length] ?? '' }));
}

export function previewOf(definition: ClusterDefinition, exists: boolean): CreationPreview {
  const members = plannedMembers(definition);
  const { write, read } = definition.ports;
  return {
    cluster: definition.name,
    exists,
    image: definition.image ?? `drydock/${definition.engine}:${definition.version}`,
    firstPrimary: firstPrimary(definition, members) ?? '',
    members,
    routers: Array.from({ length: definition.routers }, (_, index) => ({
      name: `${definition.name}-router-${index + 1}`,
      host: definition.hosts[index % definition.hosts.length] ?? '',
      ...(index === 0 && write !== undefined ? { write: { port: write } } : {}),
      ...(index === 0 && read !== undefined ? { read: { port: read } } : {}),
    })),
  };
}

/** What can not work, all together: rules that name nobody, or that leave nobody to promote or to acknowledge. */
export function definitionProblems(definition: ClusterDefinition): Problem[] {
  const members = plannedMembers(definition);
  const { prefer, never, preferHosts, neverHosts } = definition.candidates;
  const problems: Problem[] = [];
  const unknown = (path: string, names: string[], known: string[]) => {
    for (const [index, name] of names.entries())
      if (!known.includes(name))
        problems.push({ path: `cluster.candidates.${path}.${index}`, message: `${name} is none of ${known.join(', ')}` });
  };
  const names = members.map((member) => member.name);
  unknown('prefer', prefer, names);
  unknown('never', never, names);
  for (const [index, name] of prefer.entries())
    if (isBystander(definition, name))
      problems.push({
        path: `cluster.candidates.prefer.${index}`,
        message: `${name} has a rule of its own (members) and is never promoted`,
      });
  for (const name of Object.keys(definition.commands?.members ?? {}))
    if (!names.includes(name)) problems.push({ path: `cluster.commands.members.${name}`, message: `is none of ${names.join(', ')}` });
  unknown('preferHosts', preferHosts, definition.hosts);
  unknown('neverHosts', neverHosts, definition.hosts);
  if (firstPrimary(definition, members) === undefined)
    problems.push({ path: 'cluster.candidates', message: 'the rules leave no member that may be promoted' });
  const fit = members.filter((member) => mayBePromoted(definition, member));
  if (definition.durability === 'semi-sync' && fit.length > 0 && fit.length < 3)
    problems.push({
      path: 'cluster.candidates',
      message: `semi-sync needs a primary and two members that may acknowledge; the rules leave ${fit.length} of ${members.length} members`,
    });
  return problems;
}

/** The definition with the fields that are given. */
export const changed = (definition: ClusterDefinition, set: ClusterChanges): ClusterDefinition => ({
  ...definition,
  ...(Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)) as Partial<ClusterDefinition>),
});

/** Where an existing cluster differs from what is asked for. */
export function differences(existing: ClusterDefinition, asked: ClusterDefinition): Problem[] {
  return compare(existing, asked, 'cluster');
}

function compare(existing: unknown, asked: unknown, path: string): Problem[] {
  if (isRecord(existing) && isRecord(asked)) {
    const keys = [...new Set([...Object.keys(existing), ...Object.keys(asked)])].sort();
    return keys.flatMap((key) => compare(existing[key], asked[key], `${path}.${key}`));
  }
  if (JSON.stringify(existing) === JSON.stringify(asked)) return [];
  return [{ path, message: `is ${show(existing)}, asked for ${show(asked)}` }];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const show = (value: unknown): string => (value === undefined ? 'not given' : JSON.stringify(value));
