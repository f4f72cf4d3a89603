import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf, PlatformError, type Say } from './errors';
import { withLock } from './lock';
import { run } from './process';

/** Whether packages can be installed without asking: root on Debian or a distribution made from it. */
export async function canInstall(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** dpkg's own lock is waited for by apt-get; those of the package lists and the archive are not. */
async function aptGet(args: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };
  for (const end = performance.now() + 300_000; ;) {
    try {
      await run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], { env });
      return;
    } catch (error) {
      if (!/Could not get lock|Unable to lock/.test(messageOf(error)) || performance.now() > end) throw error;
      await sleep(1000);
    }
  }
}

/** Installs Debian packages. An interrupted earlier installation is finished first. Throws PlatformError with `otherwise`, the ways to get them by hand. */
export async function installPackages(packages: string[], say: Say, otherwise: string): Promise<void> {
  if (!(await canInstall()))
    throw new PlatformError(
      'EngineUnavailable',
      `${packages.join(', ')} is missing and can only be installed as root on Debian or Ubuntu. ${otherwise}`,
    );
  say(`installing ${packages.join(', ')} with apt-get`);
  await withLock('apt', async () => {
    await run('dpkg', ['--configure', '-a']).catch(() => undefined);
    try {
      await aptGet(['install', '-y', '--no-install-recommends', ...packages]);
    } catch {
      // The package lists are missing or older than the archive.
      await aptGet(['update']);
      await aptGet(['install', '-y', '--no-install-recommends', ...packages]);
    }
  });
}
