import type { ClusterDefinition } from '../../schemas/cluster';
import { passwordRef } from '../../schemas/names';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { dataFolder, holderName, holderNetwork } from './address-holder';
import { inspectContainer, removeContainer, startContainer, stopContainer } from './container';
import { hostOf, ifThere, stillWanted } from './engine';
import { clusterOf, operationOf, specOf } from './labels';
import { makeMemberContainer, rootPasswordFile } from './member-container';
import { planOn } from './network';
import { ensureVolume, refuseForeignVolume } from './volume';
import { waitForServer } from './wait-for-server';

/** User `mysql` in drydock's and in the official images: their entry points read the file as root or as this user. */
const serverUser = 999;

async function start(env: ActivityEnvironment, cluster: string, member: Member): Promise<void> {
  const host = hostOf(env, member.host);
  await joinHolder(env, cluster, member);
  // The password reaches the container as a file only, never through its environment, labels or command line.
  const password = await env.secrets.read(passwordRef(cluster, 'root'));
  await startContainer(host, member.container, [{ path: rootPasswordFile, content: password, mode: 0o400, owner: serverUser }]);
  await waitForServer(host, member);
}

/**
 * The holder of the address runs, and the server is to join that one: the engine remembers the holder by its id, so a container whose
 * holder was removed by somebody could never be started again. It is made anew on the same volume.
 */
async function joinHolder(env: ActivityEnvironment, cluster: string, member: Member): Promise<void> {
  const host = hostOf(env, member.host);
  const [found, holder] = await Promise.all([inspectContainer(host, member.container), holderNetwork(host, member)]);
  if (!found) return;
  const joins = found.HostConfig.NetworkMode;
  if (holder !== undefined && joins === holder) return startContainer(host, holderName(member), []);
  if (found.State.Running || !joins?.startsWith('container:')) return;
  // What a trial was made by is nowhere but in its operation.
  const plan = specOf('trial', found.Config.Labels) ? undefined : (await planOn(host, env.instance, cluster))?.plan;
  if (!plan)
    throw failure('MemberUnreachable', `${member.name} has lost its network on host ${member.host}; it must be created again`, [], false);
  const volume = found.Mounts.find(({ Destination }) => Destination === dataFolder)?.Name ?? member.volume;
  await removeContainer(host, member.container);
  await makeMemberContainer(env, operationOf(found.Config.Labels) ?? '', plan.definition, { ...member, volume });
}

/**
 * Volume, container, start, first greeting. A second run goes on where the first one ended. Throws AlreadyExists when the
 * volume is there without a container and was made by another operation: it may hold data.
 */
export async function createMember(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  member: Member,
  kind: 'member' | 'trial' = 'member',
): Promise<void> {
  const host = hostOf(env, member.host);
  if (!(await inspectContainer(host, member.container))) {
    await refuseForeignVolume(env, operation, member);
    await ensureVolume(env, operation, definition.name, member);
    stillWanted();
    await makeMemberContainer(env, operation, definition, member, kind);
  }
  stillWanted();
  await start(env, definition.name, member);
}

/** Starts the stopped or paused container of a member. Throws MemberUnreachable when there is none. */
export async function startMember(env: ActivityEnvironment, member: Member): Promise<void> {
  const host = hostOf(env, member.host);
  const found = await inspectContainer(host, member.container);
  if (!found)
    throw failure(
      'MemberUnreachable',
      `${member.name} has no container ${member.container} on host ${member.host}; it must be created again`,
      [],
      false,
    );
  await start(env, clusterOf(found.Config.Labels), member);
}

/**
 * Stops a member's container and takes the engine's word for it: only that of the engine on which the cluster was made. Another one, by a
 * mistake in the inventory, or an empty one has never heard of the container, which proves nothing. Throws EngineUnavailable.
 */
export async function stopMember(
  env: Pick<ActivityEnvironment, 'hosts'>,
  member: Pick<Member, 'host' | 'container'>,
  kill: boolean,
): Promise<{ stopped: boolean }> {
  const host = hostOf(env, member.host);
  const [stopped, known] = await Promise.all([stopContainer(host, member.container, kill), isItsEngine(host, member.container)]);
  return { stopped: stopped && known };
}

async function isItsEngine(host: Host, container: string): Promise<boolean> {
  if (await inspectContainer(host, container)) return true;
  // Somebody removed it: then the cluster's network is left.
  const network = container.slice(0, container.lastIndexOf('.'));
  return (await ifThere(host, () => host.engine.getNetwork(network).inspect() as Promise<unknown>)) !== undefined;
}
