import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { followAndReport } from '../follow';
import { isPivotResult, pivotSummary } from '../output/pivot';
import { newest } from './newest';

export function registerOpWatch(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('watch')
    .summary('follow an operation live until it ends')
    .description('Redraws in place on a terminal, appends lines elsewhere. Ctrl-C leaves the operation running.')
    .argument('[operation]', 'its id (default: the newest that is under way)')
    .completing('operation', 'operation')
    .option('--wait', 'without a terminal: keep following while it waits for a person')
    .json()
    .examples('npx drydock op watch', 'npx drydock op watch pivot/orders/3')
    .action(async (id: string | undefined, flags: { wait?: boolean; json?: boolean }) => {
      const client = await context().connect();
      const options = { json: flags.json ?? false, wait: flags.wait ?? false };
      context().exitCode = await followAndReport(context(), client, id ?? (await newest(client, true)), options, (view) =>
        isPivotResult(view.result)
          ? pivotSummary(view.result, view.progress?.warnings ?? [], context().terminal.columns, outStyle(context()))
          : [],
      );
    });
}
