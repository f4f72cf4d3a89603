import type { ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { redact } from '../redact';
import { runInContainer } from './container-exec';

const dataFolder = '/var/lib/mysql';

/**
 * Decodes what a member alone has from its own binary logs into a file in its volume, which is kept until a person deletes it.
 * Returns where; undefined when the image has no mysqlbinlog (the volume holds the binary logs all the same).
 */
export async function keepErrant(
  env: ActivityEnvironment,
  state: ClusterState,
  member: Member,
  errant: string,
  primaryState: string,
): Promise<string | undefined> {
  const file = `${dataFolder}/drydock-errant-epoch-${state.epoch}.sql`;
  const decode = state.definition.engine === 'mariadb' ? decodeMariadb(errant, primaryState) : decodeMysql(errant);
  const { exitCode, complaint } = await runInContainer(
    env,
    member,
    'errant',
    `cd ${dataFolder} && umask 077 && { ${decode}; } > ${file}.part && mv ${file}.part ${file}`,
  );
  if (exitCode === 0) return `${member.volume === '' ? member.container : `volume ${member.volume}`}: ${file.slice(dataFolder.length + 1)}`;
  env.log.warn({ member: member.name, complaint: redact(complaint) }, 'what a member alone has could not be decoded');
  return undefined;
}

const files = "$(sed 's#^\\./##' binlog.index)";

const safe = (gtids: string): string => gtids.replace(/[^0-9a-z_:,-]/gi, '');

const decodeMysql = (errant: string): string =>
  `mysqlbinlog --no-defaults --base64-output=DECODE-ROWS -vv --include-gtids='${safe(errant)}' ${files}`;

/** MariaDB's tool has no filter by set: groups are chosen by the sequence behind GTID, server by server. */
function decodeMariadb(errant: string, primaryState: string): string {
  const known = new Map(primaryState.split(',').map((triplet) => [keyOf(triplet), triplet.split('-')[2] ?? '0']));
  const floors = safe(errant)
    .split(',')
    .map((triplet) => `${keyOf(triplet)}=${known.get(keyOf(triplet)) ?? '0'}`)
    .join(',');
  const program =
    'BEGIN { n = split(floors, list, ","); for (i = 1; i <= n; i++) { split(list[i], pair, "="); floor[pair[1]] = pair[2] } } ' +
    '/GTID [0-9]+-[0-9]+-[0-9]+/ { match($0, /GTID [0-9]+-[0-9]+-[0-9]+/); split(substr($0, RSTART + 5, RLENGTH - 5), g, "-"); ' +
    'key = g[1] "-" g[2]; wanted = (key in floor) && (g[3] + 0 > floor[key] + 0) } wanted { print }';
  return `"$(command -v mariadb-binlog || command -v mysqlbinlog)" --no-defaults --base64-output=DECODE-ROWS -vv ${files} | awk -v floors='${floors}' '${program}'`;
}

const keyOf = (triplet: string): string => triplet.trim().split('-').slice(0, 2).join('-');
