/**
 * Modules that take long to load (gRPC, zod, YAML), loaded by the first command that needs them, so that `drydock --help` and
 * completion answer at once. `require` because a dynamic import would need file extensions that the rest of the code does not have.
 */
/* The types are imported, the values are not. */
type Inputs = typeof import('../schemas/inputs');
type Clusters = typeof import('../schemas/cluster');
type Yaml = typeof import('yaml');
type Client = typeof import('../client');

export const lazy = {
  inputs: (): Inputs => require('../schemas/inputs') as Inputs,
  clusters: (): Clusters => require('../schemas/cluster') as Clusters,
  yaml: (): Yaml => require('yaml') as Yaml,
  client: (): Client => require('../client') as Client,
};
