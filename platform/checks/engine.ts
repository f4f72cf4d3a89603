import type Docker from 'dockerode';

import { engineProblem } from '../engine';
import { builtContent } from '../image-build';
import { recipes } from '../image-table';
import { contentOf } from '../images';
import { type Check, check, missing, ok, warning } from './check';

export function engineAnswers(engine: Docker): Promise<Check> {
  return check('engine', async () => {
    const problem = await engineProblem(engine);
    if (problem !== undefined)
      return missing(problem, '`npx drydock up` starts one as root on Debian; or set DOCKER_HOST to one that runs.');
    const { Version, ApiVersion } = await engine.version();
    return ok(`Docker Engine ${Version}, API ${ApiVersion}`);
  });
}

/** Which of the images that drydock builds are there and made from the files of this checkout. */
export function imagesCurrent(engine: Docker): Promise<Check> {
  return check('images', async () => {
    const states = await Promise.all(
      Object.entries(recipes).map(async ([name, recipe]) => ({
        name,
        built: await builtContent(engine, name),
        wanted: await contentOf(recipe),
      })),
    );
    const current = states.filter(({ built, wanted }) => built === wanted).map(({ name }) => name);
    const absent = states.filter(({ built }) => built === undefined).map(({ name }) => name);
    const old = states.filter(({ built, wanted }) => built !== undefined && built !== wanted).map(({ name }) => name);
    const found = [`${current.length} of ${states.length} are there and current`];
    if (absent.length > 0) found.push(`not built: ${absent.join(', ')}`);
    if (old.length > 0) found.push(`out of date: ${old.join(', ')}`);
    if (absent.length + old.length === 0) return ok(found.join('; '));
    return warning(found.join('; '), 'They are built when they are needed; `npm run images` builds all now.');
  });
}
