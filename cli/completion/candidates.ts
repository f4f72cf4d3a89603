import type { Option } from 'commander';

import type { DrydockClient } from '../../client/contract';
import { type Completes, DrydockCommand } from '../command';
import type { CliContext } from '../context';

/** A shell waits for this at every Tab; without an answer in time nothing is offered. */
const lookupMs = 1500;

/** Told to the scripts: complete file names. */
export const fileDirective = ':files';

/** What may come next: `value<Tab>description` per line. `words` are those after `drydock`, the unfinished one last. */
export async function candidates(program: DrydockCommand, words: readonly string[], context: CliContext): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const { command, operands, pending } = walk(program, words.slice(0, -1));
  const offered = pending
    ? await valuesOf(command, pending, operands, context)
    : current.startsWith('-')
      ? optionsOf(command)
      : await nextWord(command, operands, context);
  return offered.filter((line) => line === fileDirective || line.startsWith(current));
}

/** Follows complete words down the tree; `pending` is an option that waits for its value. */
function walk(program: DrydockCommand, words: readonly string[]): { command: DrydockCommand; operands: string[]; pending?: Option } {
  let command = program;
  let operands: string[] = [];
  let pending: Option | undefined;
  for (const word of words) {
    if (pending) {
      pending = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      const option = command.options.find(({ long, short }) => long === word || short === word);
      if (option && (option.required || option.optional)) pending = option;
      continue;
    }
    const next = command.commands.find((each) => each.name() === word);
    if (next instanceof DrydockCommand) {
      command = next;
      operands = [];
    } else operands.push(word);
  }
  return { command, operands, pending };
}

const optionsOf = (command: DrydockCommand): string[] =>
  [
    ...command.options.filter(({ hidden }) => !hidden).map(({ long, description }) => `${long ?? ''}\t${description}`),
    '--help\thow to use it',
  ].filter((line) => !line.startsWith('\t'));

async function valuesOf(command: DrydockCommand, option: Option, operands: readonly string[], context: CliContext): Promise<string[]> {
  if (option.argChoices) return option.argChoices.map((choice) => choice);
  return lookUp(command.completes.get(option.long ?? ''), operands, context);
}

async function nextWord(command: DrydockCommand, operands: readonly string[], context: CliContext): Promise<string[]> {
  const commands = command.commands.filter((each) => !each.name().startsWith('__')).map((each) => `${each.name()}\t${each.summary()}`);
  if (commands.length) return operands.length ? [] : commands;
  if (command.name() === 'completion') return ['bash', 'zsh', 'fish'];
  const argument = command.registeredArguments[operands.length];
  return argument ? lookUp(command.completes.get(argument.name()), operands, context) : [];
}

async function lookUp(what: Completes | undefined, operands: readonly string[], context: CliContext): Promise<string[]> {
  if (!what) return [];
  if (what === 'file') return [fileDirective];
  const timeUp = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), lookupMs).unref());
  return Promise.race([read(what, operands, context).catch(() => []), timeUp]);
}

async function read(what: Completes, operands: readonly string[], context: CliContext): Promise<string[]> {
  const client = await context.connect();
  if (what === 'operation') return operationsOf(client);
  if (what === 'cluster') return clustersOf(client);
  const [cluster] = operands;
  if (!cluster) return [];
  const { primary, replicas } = await client.cluster(cluster);
  return [`${primary.name}\tprimary`, ...replicas.map(({ name }) => `${name}\treplica`)];
}

async function operationsOf(client: DrydockClient): Promise<string[]> {
  const operations = await client.list({ limit: 50 });
  return operations
    .filter(({ type }) => type !== 'guardCluster')
    .map(({ id, status, phase }) => `${id}\t${status === 'RUNNING' ? phase : status.toLowerCase()}`);
}

/** From the guards, which need no worker to be listed. */
async function clustersOf(client: DrydockClient): Promise<string[]> {
  const operations = await client.list({ running: true, limit: 200 });
  const names = operations.flatMap(({ target }) => (target.startsWith('cluster/') ? [target.slice('cluster/'.length)] : []));
  return [...new Set(names)].sort();
}
