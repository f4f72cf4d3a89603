import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { adoptionFileFrom } from '../input/cluster-file';
import { adoptionLines } from '../output/adoption';
import { clusterLines } from '../output/cluster';
import { begin, type StartFlags } from '../start';

export function registerClusterAdopt(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('adopt')
    .summary('take a cluster that exists already under guard')
    .description(
      'Examines a cluster that others made, lists every difference from what drydock needs, and takes it under guard.\n' +
        'The file is YAML or JSON (examples/adoption/, docs/adoption.md); `-` reads standard input. Begin with --dry-run.',
    )
    .argument('<file>', 'addresses of the members, the administrator, commands')
    .completing('file', 'file')
    .option('--dry-run', 'examine and list the differences; touch nothing')
    .followed()
    .json()
    .examples(
      'npx drydock cluster adopt examples/adoption/orders.yaml --dry-run',
      'npx drydock cluster adopt examples/adoption/orders.yaml',
    )
    .action(async (file: string, flags: StartFlags & { dryRun?: boolean }) => {
      const cluster = await adoptionFileFrom(file);
      await begin(context(), 'adoptCluster', { cluster, dryRun: flags.dryRun ?? false }, flags, async (client, view) => {
        const { terminal } = context();
        if (flags.dryRun) return adoptionLines(view.result, terminal.columns, outStyle(context()));
        return ['', ...clusterLines(await client.cluster(cluster.name), terminal.columns, outStyle(context()))];
      });
    });
}
