import { type DrydockCommand, usage } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { numberOr } from '../input/numbers';
import { operationTable } from '../output/operations';

interface Flags {
  target?: string;
  running?: boolean;
  limit?: string;
  json?: boolean;
}

const defaultLimit = 20;

export function registerOpList(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('list')
    .summary('list operations, newest first, closed ones too')
    .option('--target <target>', 'only those of a target, such as cluster/orders')
    .option('--running', 'only those that are under way')
    .option('--limit <number>', `at most so many (default: ${defaultLimit})`)
    .json()
    .examples(
      'npx drydock op list',
      'npx drydock op list --target cluster/orders --running',
      "npx drydock op list --json | jq -r '.[0].id'",
    )
    .action(async (flags: Flags, command: DrydockCommand) => {
      const limit = numberOr(flags.limit) ?? defaultLimit;
      if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1)
        throw usage([{ path: '--limit', message: `expected a whole number from 1; found ${JSON.stringify(flags.limit)}` }], command);
      const operations = await (await context().connect()).list({ target: flags.target, running: flags.running, limit });
      if (flags.json) printJson(context(), operations);
      else if (operations.length === 0) print(context(), ['There are no operations.']);
      else print(context(), operationTable(operations, context().now(), context().terminal.columns, outStyle(context())));
    });
}
