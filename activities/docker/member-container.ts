import type Docker from 'dockerode';

import type { ClusterDefinition } from '../../schemas/cluster';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { serverArguments } from '../mysql/server-arguments';
import { ensureContainer } from './container';
import { hostOf } from './engine';
import { serverImage } from './images';
import { labelsOf } from './labels';
import { networkName } from './network';

export const rootPasswordFile = '/run/drydock/root-password';
export const dataFolder = '/var/lib/mysql';
/** A clean stop writes all of the buffer pool; a kill in mid-stop would cost a recovery. */
const stopSeconds = 60;

const bytesOf = (size: string): number => Number(size.slice(0, -1)) * (size.endsWith('g') ? 2 ** 30 : 2 ** 20);

function containerOptions(env: ActivityEnvironment, operation: string, definition: ClusterDefinition, member: Member, host: Host) {
  const network = networkName(env.instance, definition.name);
  const { memory, cpus } = definition.resources;
  const published = host.address === undefined ? {} : { '3306/tcp': [{ HostIp: host.address, HostPort: String(member.port) }] };
  return {
    name: member.container,
    Image: serverImage(definition),
    Hostname: member.name,
    Cmd: serverArguments(definition, member),
    Env: [`MYSQL_ROOT_PASSWORD_FILE=${rootPasswordFile}`, `MARIADB_ROOT_PASSWORD_FILE=${rootPasswordFile}`],
    Labels: labelsOf(env.instance, operation, definition.name, 'member', member.name, member),
    ...stopping(definition),
    StopTimeout: stopSeconds,
    ExposedPorts: { '3306/tcp': {} },
    HostConfig: {
      NetworkMode: network,
      PortBindings: published,
      Mounts: [{ Type: 'volume', Source: member.volume, Target: dataFolder, VolumeOptions: { NoCopy: true } }] as Docker.MountConfig,
      // A member that was stopped or fenced stays so until drydock starts it.
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      ...(memory === undefined ? {} : { Memory: bytesOf(memory), MemorySwap: bytesOf(memory) }),
      ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: {
          Aliases: [member.name],
          ...(host.address === undefined ? { IPAMConfig: { IPv4Address: member.address } } : {}),
        },
      },
    },
  };
}

/** Makes the container of a member on the volume that `member` names; it is not started. */
/**
 * A semi-sync primary that is shut down in order tells clients whose commits wait for a receipt that they succeeded (seen on 8.0), so
 * it is stopped as a crash would: nothing is lost by that. MySQL 5.5 replicas do not survive a crash, so those are left in order.
 */
const stopping = (definition: ClusterDefinition): { StopSignal?: string } =>
  definition.durability === 'semi-sync' && definition.version !== '5.5' ? { StopSignal: 'SIGKILL' } : {};

export async function makeMemberContainer(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  member: Member,
): Promise<void> {
  const host = hostOf(env, member.host);
  await ensureContainer(host, containerOptions(env, operation, definition, member, host));
}
