/** Which members a cluster has: what may be changed, and what its plan becomes. Pure functions. */
import type { ClusterDefinition } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import { definitionOf, isNew, withoutStanding } from '../../schemas/generations';
import { contains } from '../../schemas/gtid';
import { followedBy } from '../../schemas/member-rules';
import type { Observation, Position } from '../../schemas/observation';
import { compareFiles, comparePositions } from '../../schemas/positions';
import type { Cluster, ClusterState, Member, Standing, UpgradeRecord } from '../../schemas/topology';
import { acknowledgersByRule } from '../pivot/acknowledgers';

/** As many as `replicas` of a cluster's file may say. */
const mostReplicas = 15;

/** A cluster that others made is changed by them. */
function adoptionProblems(state: ClusterState): Problem[] {
  if (!state.adoption) return [];
  const message = `cluster ${state.definition.name} was made by others, and so are its members: drydock adds, removes and replaces none`;
  return [{ path: 'cluster', message }];
}

function primaryProblems(state: ClusterState, { members }: Observation): Problem[] {
  const primary = members.find(({ name }) => name === state.primary);
  const path = `members.${state.primary}`;
  if (primary?.reach !== 'answers')
    return [{ path, message: `the primary does not answer (${primary?.error ?? 'not seen'}); its members are changed when it does` }];
  if (primary.readOnly) return [{ path, message: 'the primary is read-only: a change of primary is under way, or somebody set it so' }];
  return [];
}

export function additionProblems(state: ClusterState, observation: Observation, toCome = 1): Problem[] {
  const problems = [...adoptionProblems(state), ...primaryProblems(state, observation)];
  if (state.upgrade)
    problems.push({
      path: 'cluster',
      message: `${state.upgrade.operation} keeps two generations of its members: end that upgrade first (\`npx drydock op show\`)`,
    });
  if (state.members.length - 1 + toCome > mostReplicas)
    problems.push({ path: 'cluster', message: `it has ${state.members.length - 1} replicas, and ${mostReplicas} are the most` });
  return problems;
}

export interface RemovalWish {
  member: string;
  deleteData: boolean;
  acceptFewAcknowledgers: boolean;
  /** Takes its place: whoever follows it follows that one. */
  successor?: string;
}

export function removalProblems(state: ClusterState, observation: Observation, wish: RemovalWish): Problem[] {
  const { member, deleteData, successor } = wish;
  const { name, durability } = state.definition;
  const names = state.members.map((each) => each.name);
  const adopted = adoptionProblems(state);
  if (adopted.length > 0) return adopted;
  if (!names.includes(member)) return [{ path: 'member', message: `no member ${member}; members are ${names.join(', ')}` }];
  if (member === state.primary)
    return [
      { path: 'member', message: `${member} is the primary: make another member the primary first, with \`npx drydock pivot ${name}\`` },
    ];
  const problems = primaryProblems(state, observation);
  const followers = names.filter((each) => followedBy(state.definition, each) === member);
  if (followers.length > 0 && successor === undefined)
    problems.push({
      path: 'member',
      message: `${followers.join(', ')} ${followers.length > 1 ? 'follow' : 'follows'} it by the cluster's file: remove or replace that first`,
    });
  const errant = observation.members.find((view) => view.name === member)?.errant;
  if (errant && deleteData)
    problems.push({
      path: 'deleteData',
      message: `${member} has ${errant}, which ${state.primary} does not have: keep its data, or resolve that first`,
    });
  if (durability === 'semi-sync' && !wish.acceptFewAcknowledgers) problems.push(...acknowledgerProblems(state, observation, wish));
  return problems;
}

/** With one that acknowledges the next loss stops writes, with none they wait at once. */
function acknowledgerProblems(state: ClusterState, observation: Observation, { member, successor }: RemovalWish): Problem[] {
  const byRule = acknowledgersByRule(state);
  // The one that takes its place is one more than there were, so this takes nothing away; nor does one that never acknowledges.
  if (successor !== undefined || !byRule.includes(member)) return [];
  const left = byRule.filter((name) => name !== member);
  const receiving = receivingFrom(state, observation, left);
  if (left.length >= 2 && receiving.length >= 1) return [];
  const what =
    receiving.length === 0
      ? `nobody else acknowledges for ${state.primary} now, so writes would wait until somebody does`
      : `${left.join(', ')} alone would acknowledge, and its loss stops writes`;
  return [
    {
      path: 'acceptFewAcknowledgers',
      message: `without ${member} ${what}: replace it instead (\`npx drydock cluster member replace\`), or accept that with --accept-few-acknowledgers`,
    },
  ];
}

/** Of `names`, those that receive from the primary now. */
export function receivingFrom(state: ClusterState, { members }: Observation, names: string[]): string[] {
  const primary = state.members.find(({ name }) => name === state.primary);
  return names.filter((name) => {
    const view = members.find((each) => each.name === name);
    const replication = view?.reach === 'answers' ? view.replication : undefined;
    return replication?.receiver === 'running' && replication.sourceAddress === primary?.address && replication.sourcePort === primary.port;
  });
}

/**
 * Whether one of those who will still count has received all that the primary had executed before. Then nothing that the removed member acknowledged is
 * known to the primary and it alone. `before` is read after it was stopped.
 */
export function isHeldByOthers(state: ClusterState, observation: Observation, before: Position, without: string): boolean {
  const others = acknowledgersByRule(state).filter((name) => name !== without);
  return receivingFrom(state, observation, others).some((name) => {
    const view = observation.members.find((each) => each.name === name);
    const received = view?.replication?.received;
    if (received === undefined) return false;
    if (!(hasGtids(received, before) ?? hasPlace(received, before))) return false;
    // MySQL 5.6 counts a transaction as retrieved when its first event came: what was applied, or followed by another, came as a whole.
    if (!view?.version?.startsWith('5.6') || received.gtid === undefined) return true;
    return hasGtids(view.replication?.applied ?? {}, before) === true || comparePositions(received, before) === 'more';
  });
}

/** Undefined where one of them has no GTID. */
const hasGtids = (mine: Position, theirs: Position): boolean | undefined =>
  mine.gtid !== undefined && theirs.gtid !== undefined ? contains(mine.gtid, theirs.gtid) : undefined;

/** Coordinates in the binary log of the primary, from which it receives. */
const hasPlace = (mine: Position, theirs: Position): boolean =>
  mine.file !== undefined && theirs.file !== undefined && compareFiles(mine.file, theirs.file) >= 0;

/** Its data centre and its commands are added whenever it is looked up. */
const bare = ({
  name,
  serverId,
  host,
  address,
  port,
  container,
  volume,
  adopted,
  generation,
  version,
  image,
  settings,
}: Member): Member => ({
  name,
  serverId,
  host,
  address,
  port,
  container,
  volume,
  ...(adopted ? { adopted } : {}),
  ...(generation === undefined ? {} : { generation }),
  ...(version === undefined ? {} : { version }),
  ...(image === undefined ? {} : { image }),
  ...(settings === undefined ? {} : { settings }),
});

/** Changed in part, and with the next number. */
export const changed = (cluster: Cluster, change: Partial<Cluster>): Cluster => {
  const { created, members, routers, adoption, upgrade } = cluster;
  return {
    created,
    members: members.map(bare),
    routers,
    ...(adoption ? { adoption } : {}),
    ...(upgrade ? { upgrade } : {}),
    removed: cluster.removed ?? [],
    ...change,
    definition: withoutStanding(change.definition ?? cluster.definition),
    revision: (cluster.revision ?? 0) + 1,
  };
};

/** The plan with other rules of the cluster's file. */
export const withDefinition = (cluster: Cluster, definition: ClusterDefinition): Cluster => changed(cluster, { definition });

/**
 * The plan with one more member, which is neither promoted nor acknowledges until it `counts`: a promotion must hear from all who may have
 * acknowledged, and one that is being built can't be heard.
 */
export function withMember(cluster: Cluster, member: Member, like?: string): Cluster {
  const { definition } = cluster;
  const rule = like === undefined ? undefined : definition.members?.[like];
  return changed(cluster, {
    members: [...cluster.members, member],
    definition: {
      ...definition,
      replicas: cluster.members.length,
      hosts: definition.hosts.includes(member.host) ? definition.hosts : [...definition.hosts, member.host],
      candidates: { ...definition.candidates, never: [...definition.candidates.never, member.name] },
      ...(rule ? { members: { ...definition.members, [member.name]: rule } } : {}),
    },
  });
}

/** It is built: from now on it is a member like the others, or like the one whose place it takes. */
export function counting(definition: ClusterDefinition, name: string, like?: string): ClusterDefinition {
  const { candidates } = definition;
  const never = candidates.never.filter((each) => each !== name);
  const beside = (list: string[]): string[] =>
    like === undefined || list.includes(name) ? list : list.flatMap((each) => (each === like ? [each, name] : [each]));
  return { ...definition, candidates: { ...candidates, never: beside(never), prefer: beside(candidates.prefer) } };
}

/**
 * With the last member of one generation the record of the upgrade goes: so one that was terminated is cleared away, too. What the new generation was made by is
 * then what the cluster is made by.
 */
function afterUpgrade({ definition, upgrade }: Cluster, members: Member[]): Pick<Cluster, 'definition' | 'upgrade'> {
  if (!upgrade) return { definition };
  const [first] = members.filter((member) => isNew(upgrade, member));
  const old = members.some((member) => !isNew(upgrade, member));
  if (first && old) return { definition, upgrade };
  return { definition: first ? definitionOf(definition, first) : definition, upgrade: undefined };
}

/** The plan without a member. No rule names it any more; whoever followed it follows its successor. */
export function withoutMember(cluster: Cluster, name: string, successor?: string): Cluster {
  const members = cluster.members.filter((member) => member.name !== name);
  const { definition, upgrade } = afterUpgrade(cluster, members);
  const without = (list: string[]): string[] => list.filter((each) => each !== name);
  const rules = Object.entries(definition.members ?? {})
    .filter(([member]) => member !== name)
    .map(([member, rule]) => [member, rule.follows === name && successor !== undefined ? { ...rule, follows: successor } : rule] as const);
  const { commands } = definition;
  return changed(cluster, {
    members,
    upgrade,
    removed: [...new Set([...(cluster.removed ?? []), name])],
    definition: {
      ...definition,
      replicas: members.length - 1,
      candidates: { ...definition.candidates, prefer: without(definition.candidates.prefer), never: without(definition.candidates.never) },
      ...(definition.members ? { members: rules.length > 0 ? Object.fromEntries(rules) : undefined } : {}),
      ...(commands
        ? { commands: { ...commands, members: Object.fromEntries(Object.entries(commands.members).filter(([member]) => member !== name)) } }
        : {}),
    },
  });
}

/** Several at once, as one change. */
export const withoutMembers = (cluster: Cluster, names: string[]): Cluster => ({
  ...names.reduce((plan, name) => withoutMember(plan, name), cluster),
  revision: (cluster.revision ?? 0) + 1,
});

/** The plan with a new generation beside the old one: `replicas` stays what the cluster's file says. */
export const withGeneration = (cluster: Cluster, members: Member[], upgrade: UpgradeRecord): Cluster =>
  changed(cluster, { members: [...cluster.members.map(bare), ...members.map(bare)], upgrade });

export const standingNow = (cluster: Cluster, standing: Standing): Cluster =>
  changed(cluster, cluster.upgrade ? { upgrade: { ...cluster.upgrade, standing } } : {});
