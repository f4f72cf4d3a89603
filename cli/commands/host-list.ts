import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { hostTable } from '../output/hosts';

export function registerHostList(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('list')
    .summary('list the hosts: engine, address, clock, and what is on them')
    .option('--inventory <file>', 'another inventory than that of the installation')
    .json()
    .examples('npx drydock host list', "npx drydock host list --json | jq -r '.[] | select(.answers | not).name'")
    .action(async (flags: { inventory?: string; json?: boolean }) => {
      const hosts = await context().platform.hosts({ inventory: flags.inventory });
      if (flags.json) printJson(context(), hosts);
      else print(context(), hostTable(hosts, context().terminal.columns, outStyle(context())));
    });
}
