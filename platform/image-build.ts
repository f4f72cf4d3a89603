import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import type Docker from 'dockerode';

import { installPackages } from './apt';
import type { Say } from './errors';
import type { Suite } from './image-table';
import { run, which } from './process';

/** Label with a hash of all that an image is made from: an image whose hash is another is built anew. */
export const contentLabel = 'drydock.content';

/** Label of the content of an image that is there; undefined when it is not, empty when it is not one of ours. */
export async function builtContent(engine: Docker, tag: string): Promise<string | undefined> {
  try {
    const image = await engine.getImage(tag).inspect();
    return image.Config?.Labels?.[contentLabel] ?? '';
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Hash of all files below folders (names, modes and contents) and of `key`. */
export async function hashOf(folders: string[], key: string): Promise<string> {
  const hash = createHash('sha256').update(key);
  for (const folder of folders)
    for (const name of (await readdir(folder, { recursive: true })).sort()) {
      const file = join(folder, name);
      const status = await stat(file);
      if (status.isFile()) hash.update(`\0${name}\0${status.mode & 0o111}\0`).update(await readFile(file));
    }
  return hash.digest('hex').slice(0, 32);
}

const packages = 'ca-certificates';

export const baseContent = (suite: Suite): Promise<string> => hashOf([], `base ${suite} ${packages}`);

/** A minimal Debian system, fetched and verified by mmdebstrap with the host's keyring. */
export async function buildBase(engine: Docker, tag: string, suite: Suite, content: string, say: Say): Promise<void> {
  if (!which('mmdebstrap'))
    await installPackages(['mmdebstrap', 'debian-archive-keyring'], say, `Or give the engine an image ${tag} of Debian ${suite} yourself.`);
  const work = await mkdtemp(join(tmpdir(), 'drydock-base-'));
  try {
    const tar = join(work, `${suite}.tar`);
    // The Release file of a rolling suite may be past its date; its signature is checked all the same.
    const options = ['--quiet', '--variant=minbase', `--include=${packages}`, '--aptopt=Acquire::Check-Valid-Until "false"'];
    await run('mmdebstrap', [...options, suite, tar]);
    const stream = await engine.importImage(tar, {
      repo: tag.split(':')[0],
      tag: tag.split(':')[1],
      changes: [`LABEL ${contentLabel}=${content}`],
    });
    await finished(engine, stream);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Builds an image from the union of some folders, and of `extra`, a file or folder that keeps its name in the build context. */
export async function buildFromContexts(
  engine: Docker,
  tag: string,
  contexts: string[],
  buildArguments: Record<string, string>,
  content: string,
  extra?: string,
): Promise<void> {
  const files = contexts.flatMap((folder) => ['-C', folder, '.']);
  if (extra) files.push('-C', dirname(extra), basename(extra));
  const tar = spawn('tar', ['-ch', '--owner=0', '--group=0', ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  const labels = { [contentLabel]: content };
  const stream = await engine.buildImage(tar.stdout, { t: tag, buildargs: buildArguments, labels, rm: true, forcerm: true });
  await finished(engine, stream);
}

/** Follows the engine's progress to its end; rejects with the last lines when a step failed. */
async function finished(engine: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(
      stream,
      (error) => (error ? reject(new Error(`${error.message}\n${lines.join('').trim().split('\n').slice(-15).join('\n')}`)) : resolve()),
      (event: { stream?: string }) => event.stream && lines.push(event.stream),
    );
  });
}

/** Makes a file of `docker save` known to another engine. */
export const loadImage = async (engine: Docker, file: string): Promise<void> =>
  finished(engine, await engine.loadImage(createReadStream(file)));
