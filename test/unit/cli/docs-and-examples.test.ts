import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Command } from 'commander';

import { exitCodes } from '../../../cli/exit-codes';
import { clusterDefinitionFrom } from '../../../cli/input/cluster-file';
import { buildProgram } from '../../../cli/program';
import { processContext } from '../../../cli/process-context';
import { errorCodes } from '../../../schemas/error-codes';

const checkout = join(__dirname, '../../..');
const docs = readFileSync(join(checkout, 'docs/cli.md'), 'utf8');
const program = buildProgram(processContext(new AbortController().signal));

const leaves = (command: Command, path: string[] = []): { path: string; command: Command }[] =>
  command.commands.length
    ? command.commands.filter((each) => !each.name().startsWith('__')).flatMap((each) => leaves(each, [...path, each.name()]))
    : [{ path: path.join(' '), command }];

describe('docs/cli.md', () => {
  test.each(leaves(program).map(({ path, command }) => [path, command] as const))('names `%s` and its options', (path, command) => {
    const [group, name] = path.split(' ');
    expect(docs).toMatch(new RegExp(`\`${group}${name ? ` ([a-z|\\\\]*\\b)?${name}\\b` : '\\b'}`));
    for (const { long } of command.options) if (long) expect(docs).toContain(long);
  });

  test('has every exit code with its meaning', () => {
    for (const { code, meaning } of Object.values(exitCodes)) expect(docs.replace(/ +/g, ' ')).toContain(`| ${code} | ${meaning} |`);
  });

  test('codes that only the command line has are not codes of operations', () => {
    for (const code of ['UnknownOperation', 'Unreachable', 'NoWorker', 'NotConfirmed']) {
      expect(docs).toContain(code);
      expect(Object.keys(errorCodes)).not.toContain(code);
    }
  });

  test('every command has examples and a summary', () => {
    for (const { path, command } of leaves(program)) {
      expect({ path, summary: command.summary() }).not.toEqual({ path, summary: '' });
      let help = '';
      command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
      expect(help).toContain('Examples:\n  ');
    }
  });
});

describe('examples', () => {
  const files = readdirSync(join(checkout, 'examples')).filter((name) => name.endsWith('.yaml') && name !== 'inventory.yaml');

  test.each(files)('%s is a valid cluster file', async (file) => {
    expect((await clusterDefinitionFrom(join(checkout, 'examples', file), {})).name).toMatch(/^[a-z]/);
  });

  test('one of them shows every setting', async () => {
    const text = readFileSync(join(checkout, 'examples/all-settings.yaml'), 'utf8');
    for (const key of Object.keys(await clusterDefinitionFrom(join(checkout, 'examples/orders.yaml'), {})))
      expect(text).toMatch(new RegExp(`^${key}:`, 'm'));
  });
});

describe('links between pages', () => {
  const pages = ['README.md', 'CHANGELOG.md', ...['docs', 'docs/runbooks'].flatMap((folder) => markdownIn(folder))];
  test.each(pages)('%s names only files that are there', (page) => {
    const text = readFileSync(join(checkout, page), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target));
    expect(targets.filter((target) => !existsSync(join(checkout, dirname(page), target)))).toEqual([]);
  });
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(checkout, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}
