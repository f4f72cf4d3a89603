import { CommanderError } from 'commander';

import { type CliContext, errStyle, printJson } from './context';
import { CliError, reportOf } from './errors';
import { exitCodes } from './exit-codes';
import { errorLines } from './output/error-report';
import { buildProgram } from './program';

/** Runs one command line and gives its exit code; whatever goes wrong is shown once, by its code. */
export async function run(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    await buildProgram(context).parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Asking for a group alone (`drydock op`) prints its help; that is a usage error to a script.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.invalid.code;
    if (context.interrupt.aborted) {
      context.terminal.err('interrupted\n');
      return exitCodes.interrupted.code;
    }
    const report = reportOf(fromCommander(error), context.address());
    if (argv.includes('--json')) printJson(context, { error: report });
    else context.terminal.err(`${errorLines(report, context.terminal.columns, errStyle(context)).join('\n')}\n`);
    return report.exitCode;
  }
}

function fromCommander(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\.?\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  return new CliError('InvalidInput', `${message}; nothing was touched`, [], 'See `npx drydock --help`.');
}
