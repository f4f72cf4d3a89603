import { type Control, type ControlRequest } from '../../schemas/operation';
import type { Problem } from '../../schemas/error-codes';

const limits = { by: 100, reason: 500, gate: 100 } as const;
const fields = Object.keys(limits) as (keyof typeof limits)[];

/** A control's arguments after reading: the request, or everything that is wrong with it. */
export type ReadRequest = { request: ControlRequest } | { problems: Problem[] };

/** Reads what came with a control. Anything may come from a command line: it is judged, never trusted, and this never throws. */
export function readRequest(control: Control, args: readonly unknown[]): ReadRequest {
  const [given, ...rest] = args;
  if (rest.length > 0) return problem('', `${control} takes one argument at most, found ${args.length}`);
  if (given === undefined || given === null) return { request: {} };
  if (typeof given !== 'object' || Array.isArray(given))
    return problem('', `expected an object such as {"by": "ada", "reason": "..."}, found ${describe(given)}`);
  const problems: Problem[] = [];
  const request: ControlRequest = {};
  for (const [key, value] of Object.entries(given)) {
    const field = fields.find((name) => name === key);
    if (!field) problems.push({ path: key, message: `unknown field; known are ${fields.join(', ')}` });
    else if (typeof value !== 'string') problems.push({ path: key, message: `expected a string, found ${describe(value)}` });
    else if (value.length > limits[field])
      problems.push({ path: key, message: `expected ${limits[field]} characters at most, found ${value.length}` });
    else request[field] = value;
  }
  if (request.gate !== undefined && control !== 'approve') problems.push({ path: 'gate', message: 'only approve takes a gate' });
  return problems.length > 0 ? { problems } : { request };
}

function problem(path: string, message: string): ReadRequest {
  return { problems: [{ path, message }] };
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value)?.slice(0, 40) ?? ''}`.trim();
}
