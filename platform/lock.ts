import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { cacheFolder } from './paths';
import { which } from './process';

/**
 * Does `work` while no other process of this user does work under the same name: two clones may be set up at once.
 * The lock is flock's, held by a child that ends when its standard input closes, so it goes with this process however that ends.
 * Without flock (not a Linux machine) the work is done unlocked.
 */
export async function withLock<Result>(name: string, work: () => Promise<Result>, onWait?: () => void): Promise<Result> {
  const flock = which('flock');
  if (!flock) return work();
  const file = join(await cacheFolder('locks'), name.replaceAll(/[^a-z0-9.-]/gi, '-'));
  const holder = spawn(flock, [file, 'sh', '-c', 'echo held; exec cat > /dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => holder.on('close', () => resolve()));
  const waiting = onWait && setTimeout(onWait, 1000);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('error', reject);
      holder.once('close', () => reject(new Error(`flock ${file} ended without the lock`)));
    });
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
    await ended;
  }
}
