import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { ask, hostOf, ifThere } from './engine';
import { belongsTo, labelsOf, operationOf } from './labels';

export const inspectVolume = (env: ActivityEnvironment, member: Member, volume: string) => {
  const host = hostOf(env, member.host);
  return ifThere(host, () => host.engine.getVolume(volume).inspect());
};

/** Makes the volume that `member` names, unless it exists. */
export async function ensureVolume(
  env: ActivityEnvironment,
  operation: string,
  cluster: string,
  member: Member,
  replaces?: string,
): Promise<void> {
  const host = hostOf(env, member.host);
  const spec = { member: member.name, ...(replaces === undefined ? {} : { replaces }) };
  const Labels = labelsOf(env.instance, operation, cluster, 'volume', member.name, spec);
  await ask(host, () => host.engine.createVolume({ Name: member.volume, Labels }));
}

/** A volume without a container that this operation did not make may hold data: nothing is started on it. */
export async function refuseForeignVolume(env: ActivityEnvironment, operation: string, member: Member): Promise<void> {
  const found = await inspectVolume(env, member, member.volume);
  if (!found || operationOf(found.Labels) === operation) return;
  throw failure(
    'AlreadyExists',
    `volume ${member.volume} of ${member.name} exists without a container and was made by ${operationOf(found.Labels) ?? 'somebody else'}; ` +
      'it may hold data, so nothing is started on it. Delete the cluster with its data, or remove the volume',
    [{ path: `volumes.${member.volume}`, message: 'may hold data' }],
  );
}

/** `drydock.x.shop.shop-1.3` after `drydock.x.shop.shop-1.2`. */
export function nextVolume(name: string): string {
  const found = /^(.*)\.(\d+)$/.exec(name);
  return found ? `${found[1]}.${Number(found[2]) + 1}` : `${name}.2`;
}

/** Deletes a volume that was set aside. Only one of this very cluster, which no container uses: the engine refuses otherwise. */
export async function removeVolume(env: ActivityEnvironment, cluster: string, member: Member, volume: string): Promise<string> {
  const host = hostOf(env, member.host);
  const found = await inspectVolume(env, member, volume);
  if (!found) return `volume ${volume} was gone already`;
  if (volume === member.volume || !belongsTo(found.Labels, env.instance, cluster))
    throw failure('PrecheckFailed', `volume ${volume} is none that was set aside for cluster ${cluster}`);
  const users = await ask(host, () => host.engine.listContainers({ all: true, filters: { volume: [volume] } }));
  if (users.length > 0) throw failure('PrecheckFailed', `volume ${volume} is used by ${users.map(({ Names }) => Names[0]).join(', ')}`);
  await ifThere(host, () => host.engine.getVolume(volume).remove());
  return `volume ${volume}`;
}
