import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { hashOf } from './image-build';
import { withLock } from './lock';
import { checkout } from './paths';
import { run } from './process';

const sources = ['workflows', 'schemas', 'activities', 'workers'];
/** Bundles of earlier states of the sources that are kept (2 MB each): a running worker reads its own again when Temporal was away. */
const keep = 20;

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
    const workflows = join(checkout, 'workflows');
    // The converter is that of workers/data-converter.ts: bundle and worker must have the same.
    const converter = join(workflows, 'operation', 'payload-converter.ts');
    await run(process.execPath, ['--import', 'tsx', program, join(workflows, 'index.ts'), converter, file], { cwd: checkout });
    await removeOldest(folder);
    return file;
  });
}

async function removeOldest(folder: string): Promise<void> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const aged = await Promise.all(files.map(async (file) => ({ file, time: (await stat(file)).mtimeMs })));
  aged.sort((a, b) => b.time - a.time);
  for (const { file } of aged.slice(keep)) await rm(file, { force: true });
}
