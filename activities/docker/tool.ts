import { createHash } from 'node:crypto';

import type { Cluster, Member } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { codeOf, failure } from '../failure';
import { dataFolder } from './address-holder';
import { bringImages } from './bring-images';
import { ensureContainer, removeContainer, startContainer } from './container';
import { ask } from './engine';
import { requireImages, serverImage } from './images';
import { labelsOf, objectName } from './labels';

/** Where the volume is in the tool's container. */
export const asideFolder = '/aside';

/** As long as an activity may last. One that was left behind ends by itself. */
const longestSeconds = 7 * 86_400;

/** Root in it reads what is in the option files; nobody reaches it. */
function options(env: ActivityEnvironment, operation: string, { definition }: Cluster, tool: Member) {
  return {
    name: tool.container,
    Image: serverImage(definition),
    Entrypoint: ['sleep'],
    Cmd: [String(longestSeconds)],
    User: '0:0',
    Labels: labelsOf(env.instance, operation, definition.name, 'tool', tool.name, { member: tool.name }),
    StopSignal: 'SIGKILL',
    HostConfig: {
      Binds: [`${tool.volume}:${asideFolder}`],
      // An image may declare a volume there.
      Tmpfs: { [dataFolder]: 'size=4k' },
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

/** The engine on which drydock works for members that are no containers: the first host of the cluster's routers. */
function engineFor(env: ActivityEnvironment, { definition }: Cluster, member: string): Host {
  const host = env.hosts.get(definition.hosts[0] ?? '');
  if (host) return host;
  throw byHand(
    definition.name,
    member,
    `no engine of ${definition.hosts.join(', ')} is in the inventory, and the tools that copy it run on one`,
  );
}

/** What a person does where drydock can not. */
export const byHand = (cluster: string, member: string, why: string): Error =>
  failure(
    'PrecheckFailed',
    `${member} can not be built anew by drydock: ${why}. By hand: \`npx drydock cluster maintenance ${cluster} on\`, keep a copy of what it has, restore a ` +
      `backup of another member with its place (gtid_purged, gtid_slave_pos, or coordinates), let it follow the primary, and maintenance off`,
    [{ path: `members.${member}`, message: why }],
    false,
  );

/** The volume that keeps what a member had when this operation built it anew: one for each operation, whichever attempt of it. */
export function asideOf(env: Pick<ActivityEnvironment, 'instance'>, operation: string, { definition }: Cluster, member: Member): Member {
  const mark = createHash('sha256').update(operation).digest('hex').slice(0, 8);
  const name = (part: string): string => objectName(env.instance, definition.name, member.name, part, mark);
  return { ...member, host: definition.hosts[0] ?? '', container: name('tool'), volume: name('aside') };
}

/**
 * Runs `work` with a container that has the tools of the cluster's version and no server, for a member that is no container. Throws
 * PrecheckFailed and ImageMissing, which say what a person does instead.
 */
export async function withTool<Result>(
  env: ActivityEnvironment,
  operation: string,
  cluster: Cluster,
  member: Member,
  work: (tool: Member) => Promise<Result>,
): Promise<Result> {
  const tool = asideOf(env, operation, cluster, member);
  const host = engineFor(env, cluster, member.name);
  const image = serverImage(cluster.definition);
  await bringImages(env, [host], [image]);
  try {
    await requireImages([host], [image]);
  } catch (error) {
    if (codeOf(error) !== 'ImageMissing') throw error;
    const name = `host ${host.name} has no image ${image}, whose mysqldump and mysql copy it (\`docker tag\` gives any image with them that name)`;
    throw byHand(cluster.definition.name, member.name, name);
  }
  const { name } = cluster.definition;
  const Labels = labelsOf(env.instance, operation, name, 'volume', member.name, { member: member.name });
  await ask(host, () => host.engine.createVolume({ Name: tool.volume, Labels }));
  await ensureContainer(host, options(env, operation, cluster, tool));
  await startContainer(host, tool.container, []);
  try {
    return await work(tool);
  } finally {
    await removeContainer(host, tool.container).catch(() => undefined);
  }
}
