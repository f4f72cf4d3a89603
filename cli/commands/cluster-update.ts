import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { clusterChangesFrom } from '../input/cluster-file';
import { type GuardedFlags, updateClusterInputFrom } from '../input/operation-input';
import { updateLines } from '../output/members';
import { begin, type StartFlags } from '../start';
import { collect } from './shared';

type Flags = Omit<GuardedFlags, 'approval'> & StartFlags & { approval?: string };

export function registerClusterUpdate(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('update')
    .summary('change rules of a cluster that serves, such as its subscribers')
    .description(
      'The file (YAML or JSON, `-` reads standard input) has the fields of the cluster file that are to change, with their new values.\n' +
        'docs/cluster.md lists those that may change; a list takes the place of the whole list.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .argument('<file>', 'the fields with their new values')
    .completing('file', 'file')
    .option('--dry-run', 'say what would change; touch nothing')
    .expecting()
    .approvable()
    .followed()
    .json()
    .examples('npx drydock cluster update orders subscribers.yaml --dry-run', 'npx drydock cluster update orders subscribers.yaml')
    .action(async (cluster: string, file: string, flags: Flags) => {
      const set = await clusterChangesFrom(file);
      const input = updateClusterInputFrom(cluster, set, { ...flags, approval: collect(flags.approval) });
      await begin(context(), 'updateCluster', input, flags, (_, view) =>
        updateLines(view.result, input.dryRun, context().terminal.columns, outStyle(context())),
      );
    });
}
