/**
 * Modules that take long to load (gRPC, zod, YAML, Docker), loaded by the first command that needs them, so that `drydock --help`
 * and completion answer at once. Not `import()`: that would want file extensions, which the rest of the code does not have.
 */
import { createRequire } from 'node:module';

import type * as Yaml from 'yaml';

import type * as Client from '../client';
import type * as Doctor from '../platform/doctor';
import type * as Down from '../platform/down';
import type * as Hosts from '../platform/inventory/report';
import type * as Paths from '../platform/paths';
import type * as ProcessFile from '../platform/process-file';
import type * as Up from '../platform/up';
import type * as Adoption from '../schemas/adoption-file';
import type * as Clusters from '../schemas/cluster';
import type * as Inputs from '../schemas/inputs';
import type * as UpgradePlan from '../schemas/upgrade-plan';

const load = createRequire(__filename);

export const lazy = {
  inputs: () => load('../schemas/inputs') as typeof Inputs,
  adoption: () => load('../schemas/adoption-file') as typeof Adoption,
  upgradePlan: () => load('../schemas/upgrade-plan') as typeof UpgradePlan,
  clusters: () => load('../schemas/cluster') as typeof Clusters,
  yaml: () => load('yaml') as typeof Yaml,
  client: () => load('../client') as typeof Client,
  paths: () => load('../platform/paths') as typeof Paths,
  processFile: () => load('../platform/process-file') as typeof ProcessFile,
  up: () => load('../platform/up') as typeof Up,
  down: () => load('../platform/down') as typeof Down,
  hosts: () => load('../platform/inventory/report') as typeof Hosts,
  doctor: () => load('../platform/doctor') as typeof Doctor,
};
