import { z } from 'zod';

import { clusterDefinition } from '../../schemas/cluster';
import { inputSchemas } from '../../schemas/inputs';

/** JSON Schema of every workflow type's input as people write it (before defaults are filled in), and of a cluster's file. */
export function jsonSchemas(): [path: string, text: string][] {
  const schemas: [string, z.ZodType][] = Object.entries(inputSchemas).map(([type, schema]) => [`${type}.input`, schema]);
  return [...schemas, ['cluster', clusterDefinition] as [string, z.ZodType]].map(([name, schema]) => [
    `schemas/json/${name}.json`,
    `${JSON.stringify({ title: name, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }, null, 2)}\n`,
  ]);
}
