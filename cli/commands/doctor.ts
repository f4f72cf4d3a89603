import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { exitCodes } from '../exit-codes';
import { doctorLines } from '../output/doctor';
import { plural } from '../output/text';

export function registerDoctor(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('doctor')
    .summary('check what drydock needs, and say how to mend what is missing')
    .json()
    .examples('npx drydock doctor', 'npx drydock doctor --json | jq \'.[] | select(.state != "ok")\'')
    .action(async (flags: { json?: boolean }) => {
      const checks = await context().platform.doctor();
      const missing = checks.filter(({ state }) => state === 'missing').length;
      if (missing) context().exitCode = exitCodes.failed.code;
      if (flags.json) return printJson(context(), checks);
      const style = outStyle(context());
      const verdict = missing ? style.red(`${plural(missing, 'thing')} missing`) : style.green('all that is needed is there');
      print(context(), [...doctorLines(checks, context().terminal.columns, style), verdict]);
    });
}
