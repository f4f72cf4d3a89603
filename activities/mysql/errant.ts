import type { ErrantChange } from '../../schemas/errant';
import { count } from '../../schemas/gtid';
import type { ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { redact } from '../redact';
import { runInContainer } from './container-exec';

export const dataFolder = '/var/lib/mysql';

export interface KeptErrant {
  /** In the member's volume; null when the image has no mysqlbinlog (the volume holds the binary logs all the same). */
  file: string | null;
  transactions: number | null;
  changes: ErrantChange[];
}

/** Decodes what a member alone has from its own binary logs into a file in its volume, which is kept until a person deletes it. */
export async function keepErrant(
  env: ActivityEnvironment,
  state: ClusterState,
  member: Member,
  errant: string,
  primaryState: string,
): Promise<KeptErrant> {
  const file = `drydock-errant-epoch-${state.epoch}.sql`;
  const mariadb = state.definition.engine === 'mariadb';
  const from = { options: '--no-defaults', logs: "$(sed 's#^\\./##' binlog.index)" };
  const decode = mariadb ? decodeMariadb(from, errant, primaryState) : decodeMysql(from, errant);
  const { exitCode, output, complaint } = await runInContainer(env, member, 'errant', `cd ${dataFolder} && ${into(file, decode)}`);
  const transactions = mariadb ? null : count(errant);
  if (exitCode === 0) return { file, ...readSummary(output, transactions) };
  env.log.warn({ member: member.name, complaint: redact(complaint) }, 'what a member alone has could not be decoded');
  return { file: null, transactions, changes: [] };
}

/** How its tool finds the binary logs. */
interface Logs {
  options: string;
  logs: string;
}

const into = (file: string, decode: string): string =>
  `umask 077 && { ${decode}; } > ${file}.part && mv ${file}.part ${file} && ${summary(file)}`;

/** The same script for a server that is reached over the network, by the account of an option file. */
export function decodeRemote(
  engine: 'mysql' | 'mariadb',
  optionFile: string,
  logs: string[],
  errant: string,
  primaryState: string,
  file: string,
): string {
  const names = logs.map((name) => `'${name.replace(/[^\w.-]/g, '')}'`).join(' ');
  const from = { options: `--defaults-file=${optionFile} --read-from-remote-server`, logs: names };
  return into(file, engine === 'mariadb' ? decodeMariadb(from, errant, primaryState) : decodeMysql(from, errant));
}

const safe = (gtids: string): string => gtids.replace(/[^0-9a-z_:,-]/gi, '');

const decodeMysql = ({ options, logs }: Logs, errant: string): string =>
  `mysqlbinlog ${options} --base64-output=DECODE-ROWS -vv --include-gtids='${safe(errant)}' ${logs}`;

/** MariaDB's tool has no filter by set: groups are chosen by the sequence behind GTID, server by server. */
function decodeMariadb({ options, logs }: Logs, errant: string, primaryState: string): string {
  const known = new Map(primaryState.split(',').map((triplet) => [keyOf(triplet), triplet.split('-')[2] ?? '0']));
  const floors = safe(errant)
    .split(',')
    .map((triplet) => `${keyOf(triplet)}=${known.get(keyOf(triplet)) ?? '0'}`)
    .join(',');
  const program =
    'BEGIN { n = split(floors, list, ","); for (i = 1; i <= n; i++) { split(list[i], pair, "="); floor[pair[1]] = pair[2] } } ' +
    '/GTID [0-9]+-[0-9]+-[0-9]+/ { match($0, /GTID [0-9]+-[0-9]+-[0-9]+/); split(substr($0, RSTART + 5, RLENGTH - 5), g, "-"); ' +
    'key = g[1] "-" g[2]; wanted = (key in floor) && (g[3] + 0 > floor[key] + 0) } wanted { print }';
  return `"$(command -v mariadb-binlog || command -v mysqlbinlog)" ${options} --base64-output=DECODE-ROWS -vv ${logs} | awk -v floors='${floors}' '${program}'`;
}

const keyOf = (triplet: string): string => triplet.trim().split('-').slice(0, 2).join('-');

/** Tables with the number of rows of each kind of change, and on MariaDB the number of transactions. Names only, nothing of the rows. */
const summary = (file: string): string =>
  `{ grep -cE '^#.*[[:space:]]GTID [0-9]+-[0-9]+-[0-9]+' ${file} || true; grep -oE '^### (INSERT INTO|UPDATE|DELETE FROM) [^ ]+' ${file} | sort | uniq -c | sort -rn | head -n 50 || true; }`;

const changes: Record<string, ErrantChange['change']> = { 'INSERT INTO': 'insert', UPDATE: 'update', 'DELETE FROM': 'delete' };

/** Pure. The first line counts the transactions that MariaDB's tool names. */
export function readSummary(output: string, transactions: number | null): Omit<KeptErrant, 'file'> {
  const [first = '', ...lines] = output.trim().split('\n');
  const counted = transactions ?? (/^\d+$/.test(first.trim()) ? Number(first) : null);
  const read = lines.flatMap((line): ErrantChange[] => {
    const [, rows, verb = '', table = ''] = /^\s*(\d+) ### (INSERT INTO|UPDATE|DELETE FROM) (\S+)$/.exec(line) ?? [];
    const change = changes[verb];
    return change ? [{ table: table.replace(/`/g, ''), change, rows: Number(rows) }] : [];
  });
  return { transactions: counted, changes: read };
}
