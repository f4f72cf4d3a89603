import type { ClusterDefinition } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import type { Host } from '../environment';
import { failure } from '../failure';
import { ifThere } from './engine';

export const routerImage = 'drydock/haproxy:3.0';

/** The image that a user named, or the one that drydock builds. */
export const serverImage = (definition: Pick<ClusterDefinition, 'engine' | 'version' | 'image'>): string =>
  definition.image ?? `drydock/${definition.engine}:${definition.version}`;

export const imageMissing = (image: string, host: string): Error =>
  failure(
    'ImageMissing',
    `host ${host} has no image ${image}. Ways to get it: \`npx drydock up\` builds those of drydock on the local engine; ` +
      `\`docker load\` or \`docker pull\` brings any other; or name another one with \`image\` in the cluster's file`,
  );

/** Throws ImageMissing naming every image that a host lacks, before anything is made. */
export async function requireImages(hosts: Host[], images: string[]): Promise<void> {
  const missing: Problem[] = [];
  for (const host of hosts)
    for (const image of images)
      if (!(await ifThere(host, () => host.engine.getImage(image).inspect())))
        missing.push({ path: `hosts.${host.name}`, message: `no image ${image}` });
  const [one] = missing;
  if (!one) return;
  throw failure(
    'ImageMissing',
    `${missing.map(({ path, message }) => `${path}: ${message}`).join('; ')}. Ways to get them: \`npx drydock up\` builds those of drydock on the ` +
      `local engine; \`docker load\` or \`docker pull\` brings any other; or name another one with \`image\` in the cluster's file`,
    missing,
  );
}
