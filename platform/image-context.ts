import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { applicationFolders, makeApplication } from './application';
import type { Say } from './errors';
import { hashOf } from './image-build';
import type { Recipe } from './image-table';
import { mysqlDistribution } from './mysql-distribution';
import { checkout } from './paths';
import { findTemporal, temporalModule } from './temporal-binary';

/** What a build context has besides files of images/: a file or folder that keeps its name in it. */
export interface Extra {
  path: string | undefined;
  /** To be called after the build. */
  remove(): Promise<void>;
}

const keep = async (): Promise<void> => undefined;

export async function makeExtra(recipe: Recipe, say: Say): Promise<Extra> {
  switch (recipe.extra?.kind) {
    case 'distribution':
      return { path: await mysqlDistribution(recipe.extra, say), remove: keep };
    case 'temporal':
      return { path: await findTemporal(say), remove: keep };
    case 'application': {
      const work = await mkdtemp(join(tmpdir(), 'drydock-application-'));
      const remove = (): Promise<void> => rm(work, { recursive: true, force: true });
      try {
        await makeApplication(join(work, 'application'));
      } catch (error) {
        await remove();
        throw error;
      }
      return { path: join(work, 'application'), remove };
    }
    case undefined:
      return { path: undefined, remove: keep };
  }
}

/** Changes when what `makeExtra` would give changes. */
export async function extraKey(recipe: Recipe): Promise<string> {
  switch (recipe.extra?.kind) {
    case 'distribution':
      return `${recipe.extra.version} ${recipe.extra.classifier}`;
    case 'temporal':
      return temporalModule;
    case 'application':
      return hashOf(
        applicationFolders.map((folder) => join(checkout, folder)),
        await readFile(join(checkout, 'package-lock.json'), 'utf8'),
      );
    case undefined:
      return '';
  }
}
