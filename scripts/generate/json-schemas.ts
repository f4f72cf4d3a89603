import { z } from 'zod';

import { clusterDefinition } from '../../schemas/cluster';
import { inputSchemas } from '../../schemas/inputs';
import { inventoryFile } from '../../schemas/inventory';

/** JSON Schema of every workflow type's input as people write it (before defaults are filled in), of a cluster's file, and of an inventory. */
export function jsonSchemas(): [path: string, text: string][] {
  const schemas: [string, z.ZodType][] = Object.entries(inputSchemas).map(([type, schema]) => [`${type}.input`, schema]);
  const files: [string, z.ZodType][] = [
    ['cluster', clusterDefinition],
    ['inventory', inventoryFile],
  ];
  return [...schemas, ...files].map(([name, schema]) => [
    `schemas/json/${name}.json`,
    `${JSON.stringify({ title: name, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }, null, 2)}\n`,
  ]);
}
