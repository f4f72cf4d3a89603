import type Docker from 'dockerode';

import type { Member } from '../../../schemas/topology';
import { dataFolder } from '../../docker/address-holder';
import { inspectContainer } from '../../docker/container';
import { hostOf } from '../../docker/engine';
import { runHelper } from '../../docker/helper';
import type { ActivityEnvironment } from '../../environment';
import { failure } from '../../failure';
import { copyFile } from './mark';

export const helperName = (member: Pick<Member, 'container'>): string => `${member.container}.helper`;

/** Keys that MySQL makes at its first start. */
const keys = ['ca', 'ca-key', 'server-cert', 'server-key', 'client-cert', 'client-key', 'private_key', 'public_key'].map(
  (name) => `${name}.pem`,
);

/**
 * What makes a server the one that it is stays where it is: its uuid, its keys, its binary logs, and where it replicates from. Relay logs go with the
 * files that name them; where a table names them (MySQL 5.6 and later) they come along, and are removed when the copy is given its own place.
 */
const identity = [
  'auto.cnf',
  ...keys,
  'binlog.*',
  'master.info',
  'relay-log.info',
  'multi-master.info',
  'master-*.info',
  'relay-log-*.info',
  'drydock.*',
];

const script = `set -euo pipefail
[ ! -e /to/drydock.seeded ] || [ "$1" = replace ] || { echo 'another attempt has finished this copy'; exit 3; }
idle=; command -v ionice > /dev/null && idle='ionice -c 3'
find /to -mindepth 1 -delete
cd /from
relay=; [ ! -e master.info ] || relay='relay.*'
find . -mindepth 1 -maxdepth 1 ! \\( -type f \\( ${identity.map((name) => `-name '${name}'`).join(' -o ')} -o -name '*.pid' -o -name "\${relay:-master.info}" \\) \\) ! -type s -print0 |
  nice -n 19 $idle xargs -0 -r cp -a -t /to
chown --reference=/from /to
chmod --reference=/from /to
sync
if [ -e relay-log.info ]; then sed -n '3,4p' relay-log.info | tr '\\n' ' ' | sed 's/^/place /'; echo; fi
echo "bytes $(du -sb /to | cut -f1)"
echo "$2" > /to/${copyFile}; sync
`;

export interface Copied {
  bytes: number;
  /** MySQL 5.5 keeps its place in a file beside the data: what the stopped server itself says. */
  place?: { file: string; position: number };
}

/**
 * Copies the files of a stopped server into the volume of another stopped one of the same host, by a container that does nothing else and waits for everybody who
 * wants the disk. `copy` names this very copy. `between` is called all the time, and what it throws ends the copy.
 */
export async function copyFiles(
  env: ActivityEnvironment,
  cluster: string,
  from: { member: Member; volume: string },
  to: { member: Member; volume: string },
  copy: string,
  replace: boolean,
  between: () => Promise<void>,
): Promise<Copied> {
  const host = hostOf(env, to.member.host);
  const image = (await inspectContainer(host, to.member.container))?.Config.Image;
  if (image === undefined) throw failure('MemberUnreachable', `${to.member.name} has no container; it must be created first`, [], false);
  const mount = (Source: string, Target: string, ReadOnly: boolean) =>
    ({ Type: 'volume', Source, Target, ReadOnly, VolumeOptions: { NoCopy: true } }) as Docker.MountSettings;
  const ended = await runHelper(
    env,
    host,
    {
      name: helperName(to.member),
      cluster,
      member: to.member.name,
      image,
      entrypoint: ['bash', '-c', script, 'copy'],
      command: [replace ? 'replace' : 'new', copy],
      user: 'root',
      host: {
        NetworkMode: 'none',
        CpuShares: 64,
        Mounts: [mount(from.volume, '/from', true), mount(to.volume, '/to', false)],
        // Images declare a volume there.
        Tmpfs: { [dataFolder]: 'size=4k' },
      },
    },
    { between },
  );
  const { exitCode = -1, output = '' } = ended ?? {};
  if (exitCode === 3) throw failure('Conflict', `another attempt has copied the data of ${to.member.name} already`);
  if (exitCode !== 0) throw failure('Internal', `the files of ${from.member.name} could not be copied (${exitCode}): ${output}`, [], true);
  return readOutput(output);
}

/** Pure. */
export function readOutput(output: string): Copied {
  const bytes = Number(/^bytes (\d+)$/m.exec(output)?.[1] ?? 0);
  const [, file, position] = /^place (\S+) (\d+) *$/m.exec(output) ?? [];
  return { bytes, ...(file === undefined ? {} : { place: { file, position: Number(position) } }) };
}
