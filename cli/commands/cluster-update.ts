import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { clusterChangesFrom } from '../input/cluster-file';
import { type GuardedFlags, updateClusterInputFrom } from '../input/operation-input';
import { updateLines } from '../output/members';
import { begin, type StartFlags } from '../start';
import { collect, gates } from './shared';

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
    .option('--expect-primary <member>', 'refuse if another member is the primary')
    .completing('--expect-primary', 'member')
    .option('--expect-epoch <number>', 'refuse if the epoch is another')
    .choice('--approval <gate>', 'a gate at which a person must approve', gates)
    .option('--timeout <duration>', 'how long the approval is waited for, such as 10m (default: 1h)')
    .choice('--on-timeout <what>', 'what happens when nobody approved in time (default: abort)', ['abort', 'ask-again'])
    .option('--detach', 'return as soon as the operation has started')
    .option('--wait', 'without a terminal: keep following while it waits for a person')
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
