import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { errorCodes } from '../../../schemas/error-codes';
import { workflowTypes } from '../../../schemas/names';
import { lifecycles } from '../../../workflows/operation/phases';

const checkout = join(__dirname, '..', '..', '..');
const folders = ['activities', 'cli', 'client', 'platform', 'workers', 'workflows'];

const sources = folders.flatMap((folder) =>
  readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(checkout, folder, name), 'utf8')),
);

test('JSON Schemas, docs/errors.md and docs/controls.md are current', () => {
  // In a process of its own: the formatter is an ES module.
  execFileSync(process.execPath, ['--import', 'tsx', join(checkout, 'scripts', 'generate-schemas.ts'), '--check'], { cwd: checkout });
});

test('every code that the code throws is in the table', () => {
  const thrown = sources.flatMap((text) =>
    [...text.matchAll(/\b(?:failure|DrydockError|PlatformError)\(\s*'(\w+)'/g)].map(([, code]) => code),
  );
  expect(thrown.length).toBeGreaterThan(20);
  expect(thrown.filter((code) => !Object.hasOwn(errorCodes, code ?? ''))).toEqual([]);
});

test('every code of the table is thrown or answered somewhere', () => {
  const unused = Object.keys(errorCodes).filter((code) => !sources.some((text) => text.includes(`'${code}'`)));
  expect(unused).toEqual([]);
});

test('docs/controls.md tells the phases of every workflow type', () => {
  expect(Object.keys(lifecycles).sort()).toEqual([...workflowTypes].sort());
});
