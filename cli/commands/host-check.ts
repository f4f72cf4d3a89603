import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { CliError } from '../errors';
import { exitCodes } from '../exit-codes';
import { nearest } from '../input/validate';
import { doctorLines } from '../output/doctor';
import { hostChecks } from '../output/hosts';
import { plural } from '../output/text';

export function registerHostCheck(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('check')
    .summary('say of each host whether drydock can work with it, and what to mend')
    .argument('[host]', 'only this one')
    .option('--inventory <file>', 'another inventory than that of the installation, such as one that is to replace it')
    .json()
    .examples('npx drydock host check', 'npx drydock host check ams-1', 'npx drydock host check --inventory new.yaml')
    .action(async (name: string | undefined, flags: { inventory?: string; json?: boolean }) => {
      const all = await context().platform.hosts({ inventory: flags.inventory });
      const hosts = all.filter((host) => name === undefined || host.name === name);
      if (name !== undefined && hosts.length === 0) {
        const names = all.map((host) => host.name);
        const message = `is not in the inventory; known are ${names.join(', ')}${nearest(name, names)}`;
        throw new CliError('InvalidInput', 'no such host; nothing was touched', [{ path: name, message }], 'See `npx drydock host list`.');
      }
      const silent = hosts.filter(({ answers }) => !answers).length;
      if (silent > 0) context().exitCode = exitCodes.failed.code;
      if (flags.json) return printJson(context(), hosts);
      const style = outStyle(context());
      const verdict = silent > 0 ? style.red(`${plural(silent, 'host')} not reached`) : style.green('every engine answers');
      print(context(), [...doctorLines(hostChecks(hosts), context().terminal.columns, style), verdict]);
    });
}
