import { join } from 'node:path';

import type Docker from 'dockerode';

import { messageOf, PlatformError, type Say } from './errors';
import { baseContent, buildBase, builtContent, buildFromContexts, hashOf } from './image-build';
import { baseImage, builtImages, type Recipe, recipes, suites } from './image-table';
import { extraKey, makeExtra } from './image-context';
import { withLock } from './lock';
import { checkout } from './paths';

/** Builds at one time: more would only share the same two or four cores and the same network. */
const concurrency = 2;

/**
 * Makes sure that the engine has the images of these names. Those that drydock builds are built when they are missing or when what they
 * are made from has changed; any other must be on the engine already. Two clones may do this at once. Throws ImageMissing.
 */
export async function ensureImages(engine: Docker, names: Iterable<string>, say: Say): Promise<void> {
  const waiting = [...new Set(names)];
  const bases = new Map<string, Promise<void>>();
  const base = (name: string): Promise<void> => {
    const known = bases.get(name) ?? ensureBase(engine, name, say);
    bases.set(name, known);
    return known;
  };
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await ensureImage(engine, name, base, say);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function ensureImage(engine: Docker, name: string, base: (name: string) => Promise<void>, say: Say): Promise<void> {
  const recipe = recipes[name];
  if (recipe) {
    const content = await contentOf(recipe);
    if ((await builtContent(engine, name)) === content) return;
    await base(baseImage(recipe.suite));
    await build(engine, name, content, say, async () => {
      const contexts = recipe.contexts.map((context) => join(checkout, 'images', context));
      const extra = await makeExtra(recipe, say);
      try {
        await buildFromContexts(engine, name, contexts, { ...recipe.arguments, BASE: baseImage(recipe.suite) }, content, extra.path);
      } finally {
        await extra.remove();
      }
    });
  } else if (builtImages.includes(name)) await base(name);
  else if ((await builtContent(engine, name)) === undefined)
    throw new PlatformError(
      'ImageMissing',
      `the engine has no image ${name} and drydock does not build it (it builds ${builtImages.join(', ')}). Load it with \`docker load\` or \`docker pull\`.`,
    );
}

async function ensureBase(engine: Docker, name: string, say: Say): Promise<void> {
  const suite = suites.find((candidate) => baseImage(candidate) === name);
  if (!suite) throw new PlatformError('ImageMissing', `there is no base image ${name}`);
  const content = await baseContent(suite);
  if ((await builtContent(engine, name)) === content) return;
  await build(engine, name, content, say, () => buildBase(engine, name, suite, content, say));
}

/** Hash of an image's recipe, its files and its base. */
export async function contentOf(recipe: Recipe): Promise<string> {
  const key = JSON.stringify([recipe.arguments, await extraKey(recipe), await baseContent(recipe.suite)]);
  return hashOf(
    recipe.contexts.map((context) => join(checkout, 'images', context)),
    key,
  );
}

async function build(engine: Docker, name: string, content: string, say: Say, make: () => Promise<void>): Promise<void> {
  await withLock(
    `image-${name}`,
    async () => {
      if ((await builtContent(engine, name)) === content) return;
      say(`building image ${name}`);
      const start = performance.now();
      try {
        await make();
      } catch (error) {
        throw new PlatformError('ImageMissing', `image ${name} could not be built: ${messageOf(error)}`, { cause: error });
      }
      say(`built image ${name} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
    },
    () => say(`waiting for another process that builds ${name}`),
  );
}
