import type Docker from 'dockerode';
import { escape } from 'mysql2';

import { passwordRef } from '../../../schemas/names';
import type { Cluster, Member } from '../../../schemas/topology';
import type { SeedingRecipe } from '../../../schemas/upgrade';
import { dataFolder } from '../../docker/address-holder';
import { inspectContainer } from '../../docker/container';
import { hostOf } from '../../docker/engine';
import { runHelper } from '../../docker/helper';
import type { ActivityEnvironment } from '../../environment';
import { failure } from '../../failure';
import { accountsOf } from '../accounts';
import { parseVersion } from '../version';
import { helperName } from './copy-files';

const passwordFile = '/run/drydock/root-password';
const grantsFile = '/run/drydock/grants.sql';

/**
 * A server of the new version, reached by nobody, without a binary log and without replication: whatever the tool changes is in no history. The tool
 * hands a password that it is given on to other programs in their arguments; from its environment it does not, and that is read by root alone.
 */
const script = `set -eu
mkdir -p /run/mysqld && chown mysql /run/mysqld
socket=/run/mysqld/upgrade.sock
server=\${DRYDOCK_SERVER:-$(command -v mariadbd || command -v mysqld)}
program() { command -v "mariadb-$1" || command -v "mysql$2"; }
MYSQL_PWD="$(cat ${passwordFile})"; export MYSQL_PWD; rm -f ${passwordFile}
env -u MYSQL_PWD "$server" --user=mysql "$@" > /tmp/server.log 2>&1 &
pid=$!
fail() { tail -n 15 /tmp/server.log; echo "$1"; kill -TERM $pid 2> /dev/null || true; wait $pid || true; exit 1; }
admin=$(program admin admin)
i=0; until "$admin" --no-defaults --user=root --socket=$socket ping > /dev/null 2>&1; do
  kill -0 $pid 2> /dev/null || fail 'the server ended'
  i=$((i + 1)); [ $i -lt 6000 ] || fail 'the server did not answer within 20 min'; sleep 0.2
done
"$(program upgrade _upgrade)" --no-defaults --user=root --socket=$socket --skip-write-binlog > /tmp/tool.log 2>&1 || { tail -n 15 /tmp/tool.log; fail 'the upgrade tool failed'; }
client=$(command -v mariadb || command -v mysql)
"$client" --no-defaults --user=root --socket=$socket < ${grantsFile} 2>&1 || fail 'accounts could not be brought up to date'
kill -TERM $pid
wait $pid || fail 'the server did not stop in order'
chown --reference=${dataFolder} ${dataFolder}/*upgrade_info 2> /dev/null || true
sync
`;

/** What the server of the upgrade is told beside what the member's is; the last word on a setting counts. */
function soloArguments(engine: 'mysql' | 'mariadb'): string[] {
  return [
    '--skip-networking',
    '--skip-log-bin',
    '--skip-slave-start',
    '--event_scheduler=OFF',
    '--read_only=0',
    '--socket=/run/mysqld/upgrade.sock',
    '--pid-file=/run/mysqld/upgrade.pid',
    '--innodb_fast_shutdown=0',
    // MySQL 5.6 does not start with GTID and without a binary log.
    ...(engine === 'mysql' ? ['--gtid_mode=OFF', '--enforce_gtid_consistency=OFF'] : []),
  ];
}

/**
 * Brings copied files up to the version of the member's image, with drydock's own accounts as that version wants them, before its server has ever served from
 * them. Nothing of it is half done for whoever comes later: without its mark the copy is thrown away.
 */
export async function runUpgradeTool(
  env: ActivityEnvironment,
  cluster: Cluster,
  member: Member,
  volume: string,
  tool: NonNullable<SeedingRecipe['upgradeTool']>,
): Promise<void> {
  const host = hostOf(env, member.host);
  const { engine, version, name } = cluster.definition;
  const config = (await inspectContainer(host, member.container))?.Config;
  if (!config) throw failure('MemberUnreachable', `${member.name} has no container; it must be created first`, [], false);
  const password = await env.secrets.read(passwordRef(name, 'root'));
  const mounts = [{ Type: 'volume', Source: volume, Target: dataFolder, VolumeOptions: { NoCopy: true } }] as Docker.MountConfig;
  const ended = await runHelper(env, host, {
    name: helperName(member),
    cluster: name,
    member: member.name,
    image: config.Image,
    entrypoint: ['bash', '-c', script, 'upgrade'],
    command: [...config.Cmd.filter((word) => word.startsWith('-')), ...soloArguments(engine)],
    user: 'root',
    files: [
      { path: passwordFile, content: password, mode: 0o400 },
      { path: grantsFile, content: grantsOf(cluster, version), mode: 0o400 },
    ],
    host: { NetworkMode: 'none', CpuShares: 256, Mounts: mounts },
  });
  if (ended?.exitCode === 0) return;
  throw failure('Internal', `${tool} on ${member.name} ended with ${ended?.exitCode ?? 'nothing'}: ${ended?.output ?? ''}`, [], true);
}

/** The accounts came with the copy, and their passwords with them. */
function grantsOf(cluster: Cluster, version: string): string {
  const own = accountsOf(cluster, parseVersion(version, cluster.definition.engine));
  const lines = own.flatMap(({ user, host, grants }) => grants.map((grant) => `GRANT ${grant} TO ${escape(user)}@${escape(host)};`));
  return [...lines, 'FLUSH PRIVILEGES;', ''].join('\n');
}
