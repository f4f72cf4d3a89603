import type { DrydockCommand } from '../command';
import { type CliContext, confirm, outStyle } from '../context';
import { deleteClusterInputFrom, type GuardedFlags } from '../input/operation-input';
import { deletionLines } from '../output/creation';
import { begin, type StartFlags } from '../start';
import { collect } from './shared';

type Flags = GuardedFlags & StartFlags & { deleteData?: boolean; removeAccounts?: boolean; yes?: boolean };

export function registerClusterDelete(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('delete')
    .summary('delete a cluster; its data is kept unless told otherwise')
    .description(
      'Removes containers and network. Volumes and passwords are kept unless --delete-data is given.\n' +
        'A cluster that was adopted is given back: its servers, data and replication are left as they are.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .option('--delete-data', 'also delete volumes and passwords: the data is gone')
    .option('--remove-accounts', 'of an adopted cluster: drop the accounts and the schema that drydock made in it')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be removed and what kept; touch nothing')
    .expecting()
    .approvable()
    .followed()
    .json()
    .examples('npx drydock cluster delete orders', 'npx drydock cluster delete orders --delete-data --yes')
    .action(async (cluster: string, flags: Omit<Flags, 'approval'> & { approval?: string }) => {
      const input = deleteClusterInputFrom(cluster, { ...flags, approval: collect(flags.approval) });
      if (!input.dryRun) {
        const question = input.deleteData
          ? `Delete cluster ${cluster} and ALL ITS DATA? Type its name to go on:`
          : `Delete cluster ${cluster}? Volumes and passwords are kept; an adopted cluster is given back. Type its name to go on:`;
        await confirm(context(), question, cluster, flags.yes ?? false);
      }
      await begin(context(), 'deleteCluster', input, flags, (_, view) =>
        deletionLines(view.result, input.dryRun, context().terminal.columns, outStyle(context())),
      );
    });
}
