import type { ClusterView } from '../../client/contract';
import { type Style, wrap } from './style';
import { indent, table } from './table';

const endpointText = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
const lagText = (seconds: number | null): string => (seconds === null ? '?' : `${seconds} s`);

function guardWord(guard: ClusterView['guard'], style: Style): string {
  if (guard === 'watching') return style.green('watching');
  return guard === 'held' ? style.yellow('held for a person') : style.red('absent');
}

function replicaState(state: string, style: Style): string {
  return /^(replicating|following|healthy|running|ok)/i.test(state) ? style.green(state) : style.yellow(state);
}

/** `cluster show`: members, routers, how to connect, what the guard has found. */
export function clusterLines(cluster: ClusterView, columns: number, style: Style): string[] {
  const { primary, replicas, routers, endpoints, credentials, findings } = cluster;
  const members = [
    { ...primary, role: 'primary', state: style.green('writable'), lag: '' },
    ...replicas.map((replica) => ({
      ...replica,
      role: 'replica',
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
          { title: 'MEMBER', cell: ({ name, role }) => (role === 'primary' ? style.bold(name) : name) },
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
    ...subscriberLines(cluster, columns, style),
    '',
    // The password goes through the environment: an argument would be seen in the process list.
    `  ${style.dim('connect')}  MYSQL_PWD="$(cat ${credentials.application.passwordFile})" \\`,
    `           mysql -h ${endpoints.write.host} -P ${endpoints.write.port} -u ${credentials.application.user}`,
  ];
  const notes = findings.filter(({ diagnosis }) => diagnosis !== 'Healthy');
  if (notes.length) lines.push('');
  for (const { diagnosis, member, detail } of notes) {
    const [first = '', ...rest] = wrap(`${diagnosis}${member ? ` (${member})` : ''}: ${detail}`, columns - 4);
    lines.push(`  ${style.yellow('!')} ${first}`, ...rest.map((line) => `    ${line}`));
  }
  return lines;
}

/** Who is told of changes of primary; who has not confirmed stands out. */
function subscriberLines({ subscribers }: ClusterView, columns: number, style: Style): string[] {
  if (subscribers.length === 0) return [];
  const named = ({ epoch, event }: { epoch: number; event: string }): string => (event === 'deleted' ? 'deletion' : String(epoch));
  return [
    '',
    ...indent(
      table(
        subscribers,
        [
          { title: 'SUBSCRIBER', cell: ({ name }) => name },
          { title: 'KIND', cell: ({ kind }) => kind },
          { title: 'CONFIRMED', cell: ({ confirmed }) => (confirmed ? named(confirmed) : 'nothing') },
          { title: 'WAITS FOR', cell: ({ waiting }) => style.yellow(waiting.map(named).join(', ')), shrinks: true },
          {
            title: 'ATTEMPTS',
            cell: ({ waiting, failed, lastError }) =>
              waiting.length > 0 && failed > 0 ? style.yellow(`${failed} failed: ${lastError ?? ''}`) : '',
            shrinks: true,
          },
        ],
        columns - 2,
        style,
      ),
    ),
  ];
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
