import { statfs } from 'node:fs/promises';

import type { Home } from '../paths';
import { type Check, check, missing, ok, warning } from './check';

const gib = 1024 ** 3;
/** All images take 4 GiB and each member of a cluster some hundred MiB; databases wait when the disk is full. */
const scarce = 10 * gib;

export function nodeVersion(version = process.versions.node): Promise<Check> {
  return check('node', async () => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major > 20 || (major === 20 && minor >= 11) ? ok(version) : missing(version, 'Install Node 20.11 or later.');
  });
}

export function diskSpace(home: Home): Promise<Check> {
  return check('disk', async () => {
    const folders = [home.root, '/var/lib/docker'];
    const free = await Promise.all(
      folders.map(async (folder) => {
        const status = await statfs(folder).catch(() => undefined);
        return status && { folder, bytes: status.bavail * status.bsize };
      }),
    );
    const known = free.filter((each) => each !== undefined);
    const found = known.map(({ folder, bytes }) => `${(bytes / gib).toFixed(0)} GiB free for ${folder}`).join(', ');
    return known.every(({ bytes }) => bytes >= scarce) ? ok(found) : warning(found, 'Free some space: a full disk stops writes.');
  });
}
