import type { Document, LineCounter, ParsedNode } from 'yaml';
import type { z } from 'zod';

import type { Problem } from '../../schemas/error-codes';
import { PlatformError } from '../errors';

/** An inventory that can not be used, with all that is wrong with it. */
export class InventoryError extends PlatformError {
  constructor(
    readonly file: string,
    readonly problems: Problem[],
  ) {
    super('InvalidInput', `${problems.length === 1 ? 'a problem' : `${problems.length} problems`} in the inventory ${file}`);
  }

  /** All in one text, for logs. */
  get inWords(): string {
    return `${this.message}: ${this.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')}`;
  }
}

export interface Found {
  keys: PropertyKey[];
  message: string;
}

/** Every problem of a value. What was found is not repeated: somebody may have put a key in place of its file's name. */
export function problemsIn(schema: z.ZodType, value: unknown): Found[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue): Found[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ keys: [...issue.path, key], message: 'there is no such setting' }));
    return [{ keys: issue.path, message: issue.message.replace(/^Invalid input: /, '') }];
  });
}

const pathText = (keys: readonly PropertyKey[]): string =>
  keys.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)), '');

/** `inventory.yaml:3:5 hosts[0].engine`: line and column of the deepest part of the path that is in the file. */
export function located(label: string, document: Document<ParsedNode>, lines: LineCounter, { keys, message }: Found): Problem {
  for (let depth = keys.length; depth >= 0; depth--) {
    const node = document.getIn(keys.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (!node?.range) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return { path: `${label}:${line}:${col} ${pathText(keys)}`.trim(), message };
  }
  return { path: `${label} ${pathText(keys)}`.trim(), message };
}
