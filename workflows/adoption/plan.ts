/** From a file and what was seen to the cluster that drydock looks after: pure functions. */
import { type AdoptionReport, type Difference, type Examination, type ExaminedMember, primaryOf } from '../../schemas/adoption';
import type { AdoptionFile } from '../../schemas/adoption-file';
import { withCommands } from '../../schemas/commands';
import { accounts } from '../../schemas/names';
import type { Cluster, Member } from '../../schemas/topology';

/** The members with the names that they are given. */
export const namedMembers = ({ name, members }: AdoptionFile): Pick<Member, 'name' | 'address' | 'port' | 'host'>[] =>
  members.map((member, index) => ({
    name: member.name ?? `${name}-${index + 1}`,
    address: member.address,
    port: member.port,
    host: member.host,
  }));

/** Major and minor. */
const shortVersion = (version = ''): string => version.split('.').slice(0, 2).join('.');

/** The oldest version counts: what it can not do nobody is asked for. */
export const versionOf = (members: ExaminedMember[]): string =>
  shortVersion([...members].map(({ version }) => version ?? '').sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0]);

/** Throws nothing: what does not fit was refused before. */
export function clusterOf(file: AdoptionFile, examination: Examination, operation: string): Cluster {
  const {
    name,
    durability,
    candidates,
    hosts,
    routers,
    ports,
    readFallback,
    maxReadLagSeconds,
    transactionBoundMs,
    acceptSplitBrain,
    subscribers,
  } = file;
  const examined = new Map(examination.members.map((member) => [member.name, member]));
  const trusted = [...file.administrators, ...examination.members.flatMap(({ administrator }) => administrator ?? [])];
  const members = namedMembers(file).map((member): Member => ({
    ...member,
    serverId: examined.get(member.name)?.view?.serverId ?? 0,
    container: '',
    volume: '',
    adopted: true,
  }));
  const [smallest] = examination.members.flatMap(({ maxConnections }) => maxConnections ?? []).sort((a, b) => a - b);
  return {
    definition: {
      name,
      engine: examination.members[0]?.engine ?? 'mysql',
      version: versionOf(examination.members),
      replicas: members.length - 1,
      durability,
      hosts,
      resources: {},
      candidates,
      routers,
      ports,
      readFallback,
      maxReadLagSeconds,
      transactionBoundMs,
      acceptSplitBrain,
      subscribers,
      ...(file.commands ? { commands: file.commands } : {}),
      administrators: [...new Set(trusted)].sort(),
      // What routers count on: any of them may be the primary.
      settings: smallest === undefined ? {} : { max_connections: String(smallest) },
    },
    members: withCommands(file, members),
    routers: [],
    adoption: { operation, administrator: file.administrator },
  };
}

export function reportOf(file: AdoptionFile, examination: Examination, differences: Difference[]): AdoptionReport {
  const primary = primaryOf(examination.members);
  return {
    cluster: file.name,
    fit: differences.every(({ verdict }) => verdict !== 'refused'),
    engine: examination.members.find(({ engine }) => engine)?.engine,
    version: versionOf(examination.members.filter(({ version }) => version)),
    durability: file.durability,
    primary: primary?.name,
    members: examination.members.map((member) => ({
      name: member.name,
      address: `${member.address}:${member.port}`,
      role: roleOf(member, primary),
    })),
    differences,
    makes: [`schema drydock`, ...[accounts.operation, accounts.guard, accounts.replication].map((user) => `account ${user}@%`)],
    routers: file.routers,
  };
}

function roleOf(member: ExaminedMember, primary: ExaminedMember | undefined): string {
  if (member.unreachable !== undefined) return 'not seen';
  if (member.name === primary?.name) return 'primary';
  return member.view?.replication ? 'replica' : 'replicates from nobody';
}

/** What was there before: never dropped when the adoption is undone. */
export function thereBefore({ members }: Examination): string[] {
  const there = members.flatMap(({ ownAccounts, ownSchema }) => [...ownAccounts, ...(ownSchema ? ['drydock'] : [])]);
  return [...new Set(there)].sort();
}
