import Docker from 'dockerode';

import { clusterTarget, labels } from '../../schemas/names';

/** Kills the container of a member (SIGKILL, as a crash would) and gives the moment at which it was asked to, ms since 1970. */
export async function killMember(instance: string, cluster: string, member: string): Promise<number> {
  const engine = new Docker();
  const label = [`${labels.instance}=${instance}`, `${labels.target}=${clusterTarget(cluster)}`, `${labels.name}=${member}`];
  const [container, ...others] = await engine.listContainers({ filters: { label } });
  if (!container || others.length)
    throw new Error(`expected one running container of ${member}, found ${others.length + (container ? 1 : 0)}`);
  const moment = Date.now();
  await engine.getContainer(container.Id).kill();
  return moment;
}
