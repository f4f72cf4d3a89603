/**
 * Modules that take long to load (gRPC, zod, YAML), loaded by the first command that needs them, so that `drydock --help` and
 * completion answer at once. Not `import()`: that would want file extensions, which the rest of the code does not have.
 */
import { createRequire } from 'node:module';

import type * as Yaml from 'yaml';

import type * as Client from '../client';
import type * as Clusters from '../schemas/cluster';
import type * as Inputs from '../schemas/inputs';

const load = createRequire(__filename);

export const lazy = {
  inputs: () => load('../schemas/inputs') as typeof Inputs,
  clusters: () => load('../schemas/cluster') as typeof Clusters,
  yaml: () => load('yaml') as typeof Yaml,
  client: () => load('../client') as typeof Client,
};
