import { Command, Option } from 'commander';

import type { Problem } from '../schemas/error-codes';
import { CliError } from './errors';
import { nearest } from './input/validate';

/** Names of what an argument or an option stands for, so that completion can look it up. */
export type Completes = 'cluster' | 'operation' | 'member' | 'file';

/** Points at which an operation can wait for a person (schemas/operation.ts Gate). */
const gates: readonly string[] = ['before-switch'];

/**
 * Commander's command with two differences: every unknown flag is named in one error, not only the first, and arguments and
 * options know what completes them.
 */
export class DrydockCommand extends Command {
  readonly completes = new Map<string, Completes>();
  private unknownFlags: string[] = [];

  override createCommand(name?: string): DrydockCommand {
    return new DrydockCommand(name);
  }

  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(argv);
    this.unknownFlags = parsed.unknown.filter((word) => word.startsWith('-') && word !== '-' && word !== '--');
    return parsed;
  }

  /** Called by commander with the first unknown flag. */
  unknownOption(flag: string): never {
    const flags = [...new Set([flag, ...this.unknownFlags])].map((each) => each.replace(/=.*/, ''));
    const known = this.options.flatMap(({ long }) => (long ? [long] : []));
    const problems = flags.map((each): Problem => ({ path: each, message: `there is no such option${nearest(each, known)}` }));
    throw usage(problems, this);
  }

  /** `choices` are shown and completed; the schema refuses others, together with every other problem. */
  choice(flags: string, description: string, choices: readonly string[]): this {
    const option = new Option(flags, description);
    option.argChoices = [...choices];
    return this.addOption(option);
  }

  completing(name: string, what: Completes): this {
    this.completes.set(name, what);
    return this;
  }

  /** What the operation finds the cluster to be, or it does nothing. */
  expecting(): this {
    return this.option('--expect-primary <member>', 'refuse if another member is the primary')
      .completing('--expect-primary', 'member')
      .option('--expect-epoch <number>', 'refuse if the epoch is another');
  }

  /** An operation that can wait for a person at a gate. */
  approvable(): this {
    return this.choice('--approval <gate>', 'a gate at which a person must approve', gates)
      .option('--timeout <duration>', 'how long the approval is waited for, such as 10m (default: 1h)')
      .choice('--on-timeout <what>', 'what happens when nobody approved in time (default: abort)', ['abort', 'ask-again']);
  }

  /** An operation that is followed until it ends, unless told otherwise. */
  followed(): this {
    return this.option('--detach', 'return as soon as the operation has started').option(
      '--wait',
      'without a terminal: keep following while it waits for a person',
    );
  }

  json(): this {
    return this.option('--json', 'one JSON document on standard output, progress on standard error');
  }

  examples(...lines: string[]): this {
    return this.addHelpText('after', `\nExamples:\n${lines.map((line) => (line ? `  ${line}` : '')).join('\n')}`);
  }
}

/** `drydock cluster create` for a command. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

export function usage(problems: Problem[], command: Command): CliError {
  const many = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new CliError(
    'InvalidInput',
    `${many} in the command line; nothing was touched`,
    problems,
    `See \`npx ${pathOf(command)} --help\`.`,
  );
}
