import type { z } from 'zod';

import type { Problem } from '../../schemas/error-codes';
import { CliError } from '../errors';

export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)), '');

export interface LocatedProblem extends Problem {
  /** Where the value stands in the input. */
  keys: PropertyKey[];
}

/** Every problem of a value at once; a key that is not known is a problem of its own path. */
export function problemsOf(schema: z.ZodType, value: unknown): LocatedProblem[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue): LocatedProblem[] => {
    const keys = [...issue.path];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        keys: [...keys, key],
        path: pathText([...keys, key]),
        message: `there is no such setting${nearest(key, schemaKeys(schema, keys))}`,
      }));
    return [{ keys, path: pathText(keys), message: inWords(issue, at(value, keys)) }];
  });
}

const at = (value: unknown, keys: readonly PropertyKey[]): unknown =>
  keys.reduce<unknown>((current, key) => (current as Record<PropertyKey, unknown> | null | undefined)?.[key], value);

/** What was expected, and what was found. */
function inWords(issue: z.core.$ZodIssue, value: unknown): string {
  const found = value === undefined || typeof value === 'object' ? '' : `; found ${JSON.stringify(value)}`;
  if (issue.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}${found || '; it is missing'}`;
  if (issue.code === 'invalid_type' && value === undefined) return `it is missing; expected a ${issue.expected}`;
  const message = issue.message.replace(/^Invalid input: |^Too (?:small|big): /, '').replace(/, received \w+$/, '');
  return issue.code === 'custom' ? message : `${message}${found}`;
}

/** Names that an object at this path may have. */
function schemaKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const key of ['', ...path]) {
    if (key !== '') current = (shapeOf(current) ?? {})[String(key)];
    current = unwrap(current);
  }
  return Object.keys(shapeOf(current) ?? {});
}

const shapeOf = (schema: unknown): Record<string, unknown> | undefined =>
  (unwrap(schema) as { shape?: Record<string, unknown> } | undefined)?.shape;

function unwrap(schema: unknown): unknown {
  let current = schema as { unwrap?: () => unknown; shape?: unknown } | undefined;
  while (current && !current.shape && typeof current.unwrap === 'function') current = current.unwrap() as typeof current;
  return current;
}

/** `; did you mean X?` when one of the names is near. */
export function nearest(name: string, names: readonly string[]): string {
  const best = names
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? `; did you mean ${best.candidate}?` : '';
}

function editDistance(a: string, b: string): number {
  let previous = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1)
      current[j] = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1));
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Throws one error with every problem; `label` turns a path into what the person typed. */
export function refuse(what: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const many = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new CliError('InvalidInput', `${many} in ${what}; nothing was touched`, [...problems]);
}
