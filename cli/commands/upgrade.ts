import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { type UpgradeFlags, upgradeInputFrom } from '../input/upgrade-input';
import { upgradeLines } from '../output/upgrade';
import { begin, type StartFlags } from '../start';

export function registerUpgrade(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('upgrade')
    .summary('plan and rehearse the upgrade of a cluster')
    .description(
      'Examines a cluster and tells what an upgrade would do: every problem at once with its remedy, the steps, how long they take, and what a\n' +
        'rollback could do (docs/upgrade.md). --rehearse tries it on one server beside the cluster. Without either it is refused: that is not built yet.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .option('--to <version>', 'the version to go to, such as mysql:5.6 or 11.8')
    .option('--image <image>', 'an image to run instead of the one that drydock builds')
    .option('--ddl <file>', 'statements that change the schema')
    .option('--plan <file>', 'a plan in YAML or JSON: steps with other parameters, and own ones; `-` reads standard input')
    .option('--dry-run', 'examine and plan; touch nothing')
    .option('--rehearse', 'build one server of the new version beside the cluster, compare all data, and remove it')
    .followed()
    .expecting()
    .json()
    .examples(
      'npx drydock upgrade orders --to mysql:5.6 --dry-run',
      'npx drydock upgrade orders --to mysql:5.6 --plan examples/upgrade/orders.yaml --dry-run',
      'npx drydock upgrade orders --to mysql:9.7 --rehearse',
      'npx drydock upgrade orders --ddl examples/upgrade/add-note.sql --dry-run',
      "npx drydock upgrade orders --to 9.7 --dry-run --json | jq '.result.plan.findings'",
    )
    .action(async (cluster: string, flags: UpgradeFlags & StartFlags) => {
      const input = await upgradeInputFrom(cluster, flags);
      await begin(context(), 'upgrade', input, flags, (_, view) =>
        upgradeLines(view.result, context().terminal.columns, outStyle(context())),
      );
    });
}
