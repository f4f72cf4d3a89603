import type Docker from 'dockerode';

import type { ClusterDefinition } from '../../schemas/cluster';
import { definitionOf } from '../../schemas/generations';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { serverArguments } from '../mysql/server-arguments';
import { ensureContainer } from './container';
import { hostOf } from './engine';
import { serverImage } from './images';
import { dataFolder, ensureHolder } from './address-holder';
import { labelsOf } from './labels';

export const rootPasswordFile = '/run/drydock/root-password';
/** A clean stop writes all of the buffer pool; a kill in mid-stop would cost a recovery. */
const stopSeconds = 60;

const bytesOf = (size: string): number => Number(size.slice(0, -1)) * (size.endsWith('g') ? 2 ** 30 : 2 ** 20);

function containerOptions(
  env: ActivityEnvironment,
  operation: string,
  cluster: ClusterDefinition,
  member: Member,
  network: string,
  kind: 'member' | 'trial',
) {
  const definition = definitionOf(cluster, member);
  const { memory, cpus } = definition.resources;
  return {
    name: member.container,
    Image: serverImage(definition),
    Cmd: serverArguments(definition, member),
    Env: [`MYSQL_ROOT_PASSWORD_FILE=${rootPasswordFile}`, `MARIADB_ROOT_PASSWORD_FILE=${rootPasswordFile}`],
    Labels: labelsOf(env.instance, operation, definition.name, kind, member.name, member),
    ...stopping(definition),
    StopTimeout: stopSeconds,
    HostConfig: {
      NetworkMode: network,
      Mounts: [{ Type: 'volume', Source: member.volume, Target: dataFolder, VolumeOptions: { NoCopy: true } }] as Docker.MountConfig,
      // A member that was stopped or fenced stays so until drydock starts it.
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      ...(memory === undefined ? {} : { Memory: bytesOf(memory), MemorySwap: bytesOf(memory) }),
      ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    },
  };
}

/**
 * A semi-sync primary that is shut down in order tells clients whose commits wait for a receipt that they succeeded (seen on 8.0), so
 * it is stopped as a crash would: nothing is lost by that. MySQL 5.5 replicas do not survive a crash, so those are left in order.
 */
const stopping = (definition: ClusterDefinition): { StopSignal?: string } =>
  definition.durability === 'semi-sync' && definition.version !== '5.5' ? { StopSignal: 'SIGKILL' } : {};

/** Makes the container of a member on the volume that `member` names, in the network of the holder of its address; it is not started. */
export async function makeMemberContainer(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  member: Member,
  kind: 'member' | 'trial' = 'member',
): Promise<void> {
  const host = hostOf(env, member.host);
  const network = await ensureHolder(env, operation, definition, member);
  await ensureContainer(host, containerOptions(env, operation, definition, member, network, kind));
}
