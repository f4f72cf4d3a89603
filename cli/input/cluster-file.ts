import { readFile } from 'node:fs/promises';

import type { LineCounter, ParsedNode, Document } from 'yaml';
import type { z } from 'zod';

import type { AdoptionFile } from '../../schemas/adoption-file';
import type { ClusterChanges, ClusterDefinition } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import { CliError } from '../errors';
import { lazy } from '../lazy';
import { numberOr } from './numbers';
import { problemsOf, refuse } from './validate';

/** What `cluster create` takes besides a file; a flag wins over the file. */
export interface ClusterFlags {
  name?: string;
  engine?: string;
  version?: string;
  image?: string;
  replicas?: string;
  durability?: string;
}

interface Source {
  /** How problems name it: the path, or the command line. */
  label: string;
  value: Record<string, unknown>;
  /** `file:line:column` of a path in the file. */
  locate?: (keys: readonly PropertyKey[]) => string;
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

export async function textOf(file: string, what = 'the cluster file'): Promise<string> {
  try {
    return file === '-' ? await readStandardInput() : await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder, not a file' : message;
    throw new CliError('InvalidInput', `${what} can not be read; nothing was touched`, [{ path: file, message: why }]);
  }
}

/** Line and column of the deepest part of the path that is in the file. */
function position(
  document: Document<ParsedNode>,
  counter: LineCounter,
  keys: readonly PropertyKey[],
): { line: number; col: number } | undefined {
  for (let depth = keys.length; depth >= 0; depth -= 1) {
    const node = document.getIn(keys.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return counter.linePos(node.range[0]);
  }
  return undefined;
}

/** `version: 10.10` is a number to YAML, and 10.1 when read as one: texts that look like numbers are kept as they were written. */
function keepAsWritten(document: Document<ParsedNode>): void {
  const { isMap, isScalar } = lazy.yaml();
  const settings = document.get('settings', true);
  const scalars = [
    document.get('version', true),
    document.getIn(['to', 'version'], true),
    ...(isMap(settings) ? settings.items.map(({ value }) => value) : []),
  ];
  for (const scalar of scalars)
    if (isScalar(scalar) && typeof scalar.value === 'number') scalar.value = scalar.source ?? String(scalar.value);
}

/** YAML, and so JSON too. Throws InvalidInput with every problem of its syntax by line and column. */
export function parseClusterText(text: string, label: string): Source {
  const { parseDocument, LineCounter } = lazy.yaml();
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true }) as Document<ParsedNode>;
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${label}:${line}:${col}`;
  };
  refuse(
    label,
    document.errors.map((error): Problem => ({ path: place(error.pos[0]), message: error.message })),
  );
  keepAsWritten(document);
  const value: unknown = document.toJS();
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(label, [{ path: `${label}:1:1`, message: 'expected settings such as `name: orders`, found none' }]);
  return {
    label,
    value: value as Record<string, unknown>,
    locate: (keys) => {
      const at = position(document, lineCounter, keys);
      return at ? `${label}:${at.line}:${at.col}` : label;
    },
  };
}

/** One error with every problem of the file. */
async function parsed<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema>> {
  const source = parseClusterText(await textOf(file), file === '-' ? 'standard input' : file);
  refuse(
    source.label,
    problemsOf(schema, source.value).map(({ keys, path, message }) => ({
      path: `${source.locate?.(keys) ?? ''} ${path}`.trim(),
      message,
    })),
  );
  return schema.parse(source.value);
}

/** What `cluster adopt` takes. */
export const adoptionFileFrom = (file: string): Promise<AdoptionFile> => parsed(file, lazy.adoption().adoptionFile);

/** What `cluster update` takes. */
export const clusterChangesFrom = (file: string): Promise<ClusterChanges> => parsed(file, lazy.clusters().clusterChanges);

/** The definition with every default filled in, or one error with every problem of file and flags. */
export async function clusterDefinitionFrom(file: string | undefined, flags: ClusterFlags): Promise<ClusterDefinition> {
  const source: Source = file
    ? parseClusterText(await textOf(file), file === '-' ? 'standard input' : file)
    : { label: 'the command line', value: {} };
  const given = Object.entries({ ...flags, replicas: numberOr(flags.replicas) }).filter(([, value]) => value !== undefined);
  const value = { ...source.value, ...Object.fromEntries(given) };
  const flagged = new Set(given.map(([key]) => key));
  const { clusterDefinition } = lazy.clusters();
  const problems = problemsOf(clusterDefinition, value).map(({ keys, path, message }): Problem => {
    const key = String(keys[0] ?? '');
    if (flagged.has(key) || !source.locate) return { path: `--${key}`, message };
    return { path: `${source.locate(keys)} ${path}`.trim(), message };
  });
  refuse(source.label, problems);
  return clusterDefinition.parse(value);
}
