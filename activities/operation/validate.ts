import type { z } from 'zod';

import { inputSchemas } from '../../schemas/inputs';
import type { Problem } from '../../schemas/error-codes';
import { failure } from '../failure';

/**
 * The input of a workflow type with its defaults filled in. Throws InvalidInput with every problem by its path (`cluster.replicas`);
 * the values themselves are not repeated, since somebody may have put a password into a wrong field.
 */
export function validateInput(type: string, input: unknown, schemas: Record<string, z.ZodType> = inputSchemas): unknown {
  const schema = schemas[type];
  if (!schema) throw failure('UnknownWorkflowType', `no input is known for ${type}; known are ${Object.keys(schemas).join(', ')}`);
  if (input === undefined || input === null)
    throw failure('InvalidInput', `${type} needs an input; see schemas/json/${type}.input.json`, [
      { path: '', message: 'expected an object, found nothing' },
    ]);
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(problemsOf);
  const list = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  throw failure(
    'InvalidInput',
    `the input of ${type} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}: ${list}`,
    problems,
  );
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = (keys: PropertyKey[]): string => keys.map(String).join('.');
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: path([...issue.path, key]), message: 'unknown field' }));
  return [{ path: path(issue.path), message: issue.message }];
}
