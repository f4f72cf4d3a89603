import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { hashOf } from './image-build';
import { withLock } from './lock';
import { checkout } from './paths';
import { run } from './process';

const sources = ['workflows', 'schemas', 'activities'];
/** Bundles of other states of the sources that are kept: another clone's worker or a running one may still read one. */
const keep = 5;

/**
 * The bundle of workflows/index.ts, made once per content of the sources, in a process of its own: bundling takes seconds and
 * some hundred megabytes, which workers then need neither. Returns the file's path.
 */
export async function ensureWorkflowBundle(): Promise<string> {
  const folder = join(checkout, '.drydock', 'bundles');
  const lockFile = await readFile(join(checkout, 'package-lock.json'), 'utf8');
  const content = await hashOf(
    sources.map((source) => join(checkout, source)),
    lockFile,
  );
  const file = join(folder, `${content}.js`);
  if (existsSync(file)) return file;
  return withLock(`bundle-${checkout}`, async () => {
    if (existsSync(file)) return file;
    await mkdir(folder, { recursive: true });
    const program = join(__dirname, 'bundle-workflows.ts');
    await run(process.execPath, ['--import', 'tsx', program, join(checkout, 'workflows', 'index.ts'), file], { cwd: checkout });
    const others = (await readdir(folder)).filter((name) => name.endsWith('.js') && !file.endsWith(name));
    for (const name of others.slice(0, Math.max(0, others.length - keep))) await rm(join(folder, name), { force: true });
    return file;
  });
}
