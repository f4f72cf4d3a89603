import type { ClusterDefinition } from '../../schemas/cluster';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { dataFolder } from './address-holder';
import { inspectContainer, removeContainer, stopContainer } from './container';
import { ask, hostOf, stillWanted } from './engine';
import { belongsTo, specOf } from './labels';
import { makeMemberContainer } from './member-container';
import { ensureVolume, inspectVolume, nextVolume } from './volume';

/** The volume that a member's container has for its data. */
async function mountedVolume(env: ActivityEnvironment, member: Member): Promise<string | undefined> {
  const found = await inspectContainer(hostOf(env, member.host), member.container);
  return found?.Mounts.find((mount) => mount.Destination === dataFolder)?.Name;
}

/**
 * Gives a member an empty volume in place of `member.volume`, which is kept with its labels. The container is stopped first, and
 * left stopped. A second run with the same `member` finds that it was done.
 */
export async function replaceVolume(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  member: Member,
): Promise<{ kept: string }> {
  const host = hostOf(env, member.host);
  const mounted = await mountedVolume(env, member);
  if (mounted !== undefined && mounted !== member.volume) return { kept: member.volume };
  if (!(await stopContainer(host, member.container, true)))
    throw failure('EngineUnavailable', `host ${host.name} does not confirm that ${member.container} is stopped`);
  const volume = await unusedVolume(env, definition.name, member);
  await ensureVolume(env, operation, definition.name, { ...member, volume }, member.volume);
  stillWanted();
  await removeContainer(host, member.container);
  await makeMemberContainer(env, operation, definition, { ...member, volume });
  return { kept: member.volume };
}

/** The next name: one that does not exist, or that an interrupted run made to replace this very volume and nobody used. */
async function unusedVolume(env: ActivityEnvironment, cluster: string, member: Member): Promise<string> {
  for (let name = nextVolume(member.volume); ; name = nextVolume(name)) {
    const found = await inspectVolume(env, member, name);
    if (!found) return name;
    const made = belongsTo(found.Labels, env.instance, cluster) && specOf('volume', found.Labels)?.replaces === member.volume;
    if (made && !(await isUsed(env, member, name))) return name;
  }
}

async function isUsed(env: ActivityEnvironment, member: Member, volume: string): Promise<boolean> {
  const host = hostOf(env, member.host);
  return (await ask(host, () => host.engine.listContainers({ all: true, filters: { volume: [volume] } }))).length > 0;
}
