import type { DrydockCommand } from '../command';
import { type CliContext, confirm } from '../context';

export function registerDown(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('down')
    .summary('stop what `up` started; clusters serve on')
    .description('Stops the worker and the Temporal server that `up` started. Clusters and their data stay and serve on, unwatched.')
    .option('--delete-data', 'also delete the clusters of this installation, their data and all state of drydock')
    .option('--yes', 'do not ask')
    .examples('npx drydock down', 'npx drydock down --delete-data --yes')
    .action(async (flags: { deleteData?: boolean; yes?: boolean }) => {
      const deleteData = flags.deleteData ?? false;
      if (deleteData)
        await confirm(
          context(),
          'Delete all clusters of this installation and ALL THEIR DATA? Type `delete` to go on:',
          'delete',
          flags.yes ?? false,
        );
      await context().platform.down({ deleteData, say: (line) => context().terminal.out(`${line}\n`) });
    });
}
