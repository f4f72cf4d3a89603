import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { clusterTable } from '../output/cluster';

export function registerClusterList(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('list')
    .summary('list the clusters')
    .json()
    .examples('npx drydock cluster list', "npx drydock cluster list --json | jq -r '.[].name'")
    .action(async (flags: { json?: boolean }) => {
      const clusters = await (await context().connect()).clusters();
      if (flags.json) printJson(context(), clusters);
      else if (clusters.length === 0)
        print(context(), ['There are no clusters yet.', `  create one with  ${context().program} cluster create examples/orders.yaml`]);
      else print(context(), clusterTable(clusters, context().terminal.columns, outStyle(context())));
    });
}
