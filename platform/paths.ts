import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder that holds this checkout of drydock. */
export const checkout = resolve(__dirname, '..');

/** State of one installation. Two installations (two homes) share nothing but the cache and the engine. */
export interface Home {
  root: string;
  /** Database file of the embedded Temporal server. */
  database: string;
  secrets: string;
  logs: string;
  /** What `up` started: one JSON file per process. */
  run: string;
}

/** Where the parts of an installation are. Touches nothing. */
export function homeAt(root: string): Home {
  const absolute = resolve(root);
  return {
    root: absolute,
    database: join(absolute, 'temporal.db'),
    secrets: join(absolute, 'secrets'),
    logs: join(absolute, 'logs'),
    run: join(absolute, 'run'),
  };
}

/** The installation at `root`, DRYDOCK_HOME or ~/.drydock; its folders are created. */
export async function openHome(root = process.env['DRYDOCK_HOME'] ?? join(homedir(), '.drydock')): Promise<Home> {
  const home = homeAt(root);
  for (const folder of [home.root, home.secrets, home.logs, home.run]) await mkdir(folder, { recursive: true, mode: 0o700 });
  return home;
}

/** Value of the label `drydock.instance`: random, made once per home, so that installations on one engine never touch each other's objects. */
export async function instanceOf(home: Home): Promise<string> {
  const file = join(home.root, 'instance');
  try {
    await writeFile(file, `${randomBytes(4).toString('hex')}\n`, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const instance = (await readFile(file, 'utf8')).trim();
  // Another process may have created the file and not written it yet, or died in between.
  if (instance) return instance;
  await writeFile(file, `${randomBytes(4).toString('hex')}\n`);
  return (await readFile(file, 'utf8')).trim();
}

/** What clones share and what can be made anew: the Temporal server's binary, unpacked MySQL distributions, locks. */
export async function cacheFolder(...parts: string[]): Promise<string> {
  const folder = join(process.env['DRYDOCK_CACHE'] ?? join(homedir(), '.cache', 'drydock'), ...parts);
  await mkdir(folder, { recursive: true });
  return folder;
}
