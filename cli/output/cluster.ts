import type { ClusterView } from '../../client/contract';
import { type Style, wrap } from './style';
import { indent, table } from './table';
import { duration } from './text';

const endpointText = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
const lagText = (seconds: number | null): string => (seconds === null ? '?' : `${seconds} s`);

function guardWord(guard: ClusterView['guard'], style: Style): string {
  if (guard === 'watching') return style.green('watching');
  return guard === 'held' ? style.yellow('held for a person') : style.red('absent');
}

function replicaState(state: string, style: Style): string {
  return /^(replicating|following|healthy|running|ok)/i.test(state) ? style.green(state) : style.yellow(state);
}

type Replica = ClusterView['replicas'][number];

/** Whoever follows another replica comes below it, as the servers say; who replicates from nobody known comes as one of the primary's. */
function asTree(primary: string, replicas: readonly Replica[]): { replica: Replica; branch: string }[] {
  const names = new Set(replicas.map(({ name }) => name));
  const below = (source: string, depth: number, seen: ReadonlySet<string>): { replica: Replica; branch: string }[] =>
    replicas
      .filter((replica) => !seen.has(replica.name) && (names.has(replica.source ?? '') ? replica.source : primary) === source)
      .flatMap((replica) => [
        { replica, branch: depth > 0 ? `${'  '.repeat(depth - 1)}└ ` : '' },
        ...below(replica.name, depth + 1, new Set([...seen, replica.name])),
      ]);
  const tree = below(primary, 0, new Set());
  // In a circle, which only somebody's hand can make, nobody would be shown.
  const shown = new Set(tree.map(({ replica }) => replica.name));
  return [...tree, ...replicas.filter(({ name }) => !shown.has(name)).map((replica) => ({ replica, branch: '' }))];
}

/** `cluster show`: members, routers, how to connect, what the guard has found. */
export function clusterLines(cluster: ClusterView, columns: number, style: Style): string[] {
  const { primary, replicas, routers, endpoints, credentials, findings } = cluster;
  const members = [
    { ...primary, branch: '', role: 'primary', state: style.green('writable'), lag: '' },
    ...asTree(primary.name, replicas).map(({ replica, branch }) => ({
      ...replica,
      branch,
      role: replica.delaySeconds ? `delayed ${duration(replica.delaySeconds * 1000)}` : 'replica',
      state: replicaState(replica.state, style),
      lag: lagText(replica.lagSeconds),
    })),
  ];
  const lines = [
    `${style.bold(cluster.name)}  ${cluster.engine} ${cluster.version}, ${cluster.durability}, epoch ${cluster.epoch}, guard ${guardWord(cluster.guard, style)}`,
    '',
    ...indent(
      table(
        members,
        [
          { title: 'MEMBER', cell: ({ name, role, branch }) => `${branch}${role === 'primary' ? style.bold(name) : name}` },
          { title: 'ROLE', cell: ({ role }) => role },
          { title: 'ADDRESS', cell: ({ address }) => address },
          { title: 'STATE', cell: ({ state }) => state, shrinks: true },
          { title: 'LAG', cell: ({ lag }) => lag, right: true },
        ],
        columns - 2,
        style,
      ),
    ),
    '',
    ...indent(
      table(
        routers,
        [
          { title: 'ROUTER', cell: ({ name }) => name },
          { title: 'WRITE', cell: ({ write }) => endpointText(write) },
          { title: 'READ', cell: ({ read }) => endpointText(read) },
          {
            title: 'EPOCH',
            cell: ({ epoch }) =>
              epoch === cluster.epoch ? String(epoch) : style.yellow(epoch === null ? 'does not answer' : `${epoch}, behind`),
          },
        ],
        columns - 2,
        style,
      ),
    ),
    '',
    // The password goes through the environment: an argument would be seen in the process list.
    `  ${style.dim('connect')}  MYSQL_PWD="$(cat ${credentials.application.passwordFile})" \\`,
    `           mysql -h ${endpoints.write.host} -P ${endpoints.write.port} -u ${credentials.application.user}`,
  ];
  if (cluster.note && (cluster.guard === 'held' || cluster.maintenance))
    lines.push('', ...wrap(cluster.note, columns - 4).map((line, index) => `  ${index ? ' ' : style.yellow('⏸')} ${line}`));
  const notes = findings.filter(({ diagnosis }) => diagnosis !== 'Healthy');
  if (notes.length) lines.push('');
  for (const { diagnosis, member, detail } of notes) {
    const [first = '', ...rest] = wrap(`${diagnosis}${member ? ` (${member})` : ''}: ${detail}`, columns - 4);
    lines.push(`  ${style.yellow('!')} ${first}`, ...rest.map((line) => `    ${line}`));
  }
  return lines;
}

/** `cluster list`. */
export function clusterTable(clusters: readonly ClusterView[], columns: number, style: Style): string[] {
  return table(
    clusters,
    [
      { title: 'CLUSTER', cell: ({ name }) => style.bold(name) },
      { title: 'ENGINE', cell: ({ engine, version }) => `${engine} ${version}` },
      { title: 'DURABILITY', cell: ({ durability }) => durability },
      { title: 'EPOCH', cell: ({ epoch }) => String(epoch), right: true },
      { title: 'PRIMARY', cell: ({ primary }) => primary.name },
      { title: 'REPLICAS', cell: ({ replicas }) => String(replicas.length), right: true },
      { title: 'WRITE', cell: ({ endpoints }) => endpointText(endpoints.write) },
      { title: 'GUARD', cell: ({ guard }) => guardWord(guard, style) },
      {
        title: 'FINDINGS',
        cell: ({ findings }) =>
          style.yellow(
            findings
              .filter(({ diagnosis }) => diagnosis !== 'Healthy')
              .map(({ diagnosis }) => diagnosis)
              .join(', '),
          ),
        shrinks: true,
      },
    ],
    columns,
    style,
  );
}
