import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { ensureWorkflowBundle } from './bundle';
import { checkout } from './paths';
import { run } from './process';

/** What a worker runs, by folder of the checkout. */
export const applicationFolders = ['activities', 'platform', 'schemas', 'workers', 'workflows'];
const files = ['package.json', 'package-lock.json', 'tsconfig.json', '.npmrc'];

/** Fills `folder` with a worker's sources, its packages (no development ones, for this platform only) and the workflow bundle. */
export async function makeApplication(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of [...applicationFolders, ...files]) await cp(join(checkout, name), join(folder, name), { recursive: true });
  await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
  await cp(await ensureWorkflowBundle(), join(folder, 'workflows.js'));
  // The SDK's core comes for five platforms, 25 MB each.
  const releases = join(folder, 'node_modules', '@temporalio', 'core-bridge', 'releases');
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  for (const name of await readdir(releases))
    if (basename(name) !== `${architecture}-unknown-linux-gnu`) await rm(join(releases, name), { recursive: true });
}
