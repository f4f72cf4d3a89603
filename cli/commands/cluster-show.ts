import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { clusterLines } from '../output/cluster';

export function registerClusterShow(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('show')
    .summary('show a cluster: members, routers, how to connect, what the guard has found')
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .json()
    .examples('npx drydock cluster show orders', 'npx drydock cluster show orders --json | jq .endpoints.write')
    .action(async (name: string, flags: { json?: boolean }) => {
      const cluster = await (await context().connect()).cluster(name);
      if (flags.json) printJson(context(), cluster);
      else print(context(), clusterLines(cluster, context().terminal.columns, outStyle(context())));
    });
}
