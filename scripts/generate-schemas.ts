/** Writes what is generated from schemas/ and from the table of controls; with `--check` only says what is not current. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { controlsDoc } from './generate/controls-doc';
import { errorsDoc } from './generate/errors-doc';
import { jsonSchemas } from './generate/json-schemas';

const checkout = join(__dirname, '..');

/** Every generated file: its path in the repository and its text. */
export async function generated(): Promise<[path: string, text: string][]> {
  const files: [string, string][] = [...jsonSchemas(), ['docs/errors.md', errorsDoc()], ['docs/controls.md', controlsDoc()]];
  return Promise.all(
    files.map(async ([path, text]): Promise<[string, string]> => {
      const filepath = join(checkout, path);
      return [path, await format(text, { ...(await resolveConfig(filepath)), filepath })];
    }),
  );
}

/** Paths of generated files that are missing or differ from what would be generated now. */
export async function outdated(): Promise<string[]> {
  const files = await generated();
  const current = await Promise.all(files.map(([path]) => readFile(join(checkout, path), 'utf8').catch(() => undefined)));
  return files.flatMap(([path, text], index) => (current[index] === text ? [] : [path]));
}

async function main(check: boolean): Promise<void> {
  const paths = await outdated();
  if (check) {
    if (paths.length === 0) return;
    console.error(`not current: ${paths.join(', ')}; run npx tsx scripts/generate-schemas.ts`);
    process.exitCode = 1;
    return;
  }
  for (const [path, text] of await generated()) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), text);
  }
  console.log(paths.length > 0 ? `written: ${paths.join(', ')}` : 'all current');
}

if (require.main === module)
  main(process.argv.includes('--check')).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
