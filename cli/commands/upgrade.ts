import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { type UpgradeFlags, upgradeInputFrom } from '../input/upgrade-input';
import { upgradeLines } from '../output/upgrade';
import { begin, type StartFlags } from '../start';
import { collect } from './shared';

export function registerUpgrade(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('upgrade')
    .summary('upgrade a cluster, with verification and a way back')
    .description(
      'Builds members of the new version beside those that there are, compares all data, makes one of them the primary, and keeps the old ones for a\n' +
        'while, so that `op rollback` loses nothing (docs/upgrade.md). --dry-run tells every problem at once with its remedy, the steps, and how long they\n' +
        'take; --rehearse tries it on one server beside the cluster. What is not built yet is refused by its name.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .option('--to <version>', 'the version to go to, such as mysql:5.6 or 11.8')
    .option('--image <image>', 'an image to run instead of the one that drydock builds')
    .option('--ddl <file>', 'statements that change the schema')
    .option('--plan <file>', 'a plan in YAML or JSON: steps with other parameters, and own ones; `-` reads standard input')
    .option('--dry-run', 'examine and plan; touch nothing')
    .option('--rehearse', 'build one server of the new version beside the cluster, compare all data, and remove it')
    .approvable()
    .followed()
    .expecting()
    .json()
    .examples(
      'npx drydock upgrade orders --to mysql:9.7',
      'npx drydock upgrade orders --to mysql:9.7 --approval before-switch --timeout 8h --detach',
      'npx drydock upgrade orders --to mysql:5.6 --dry-run',
      'npx drydock upgrade orders --to mysql:5.6 --plan examples/upgrade/orders.yaml --dry-run',
      'npx drydock upgrade orders --to mysql:9.7 --rehearse',
      'npx drydock upgrade orders --ddl examples/upgrade/add-note.sql --dry-run',
      "npx drydock upgrade orders --to 9.7 --dry-run --json | jq '.result.plan.findings'",
    )
    .action(async (cluster: string, flags: Omit<UpgradeFlags, 'approval'> & StartFlags & { approval?: string }) => {
      const input = await upgradeInputFrom(cluster, { ...flags, approval: collect(flags.approval) });
      await begin(context(), 'upgrade', input, flags, (_, view) =>
        upgradeLines(view.result, context().terminal.columns, outStyle(context()), `${context().program} op show ${view.id} --report`),
      );
    });
}
