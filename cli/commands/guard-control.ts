import { guardId } from '../../schemas/names';
import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';

interface Flags {
  reason?: string;
  by?: string;
  json?: boolean;
}

const summaries = {
  pause: 'hold the guard of a cluster: it watches and starts nothing until resume',
  resume: 'let a held guard go on, also one that holds itself because of Flapping',
} as const;

/** `guard pause|resume <cluster>`. */
export function registerGuardControl(parent: DrydockCommand, context: () => CliContext, control: keyof typeof summaries): void {
  parent
    .command(control)
    .summary(summaries[control])
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .option('--reason <text>', 'why, for the record of the guard')
    .option('--by <name>', 'who asks, for the record (default: your user name)')
    .json()
    .examples(`npx drydock guard ${control} orders --reason "${control === 'pause' ? 'network work tonight' : 'the switch was replaced'}"`)
    .action(async (cluster: string, flags: Flags) => {
      const client = await context().connect();
      const answer = await client.control(guardId(cluster), control, { by: flags.by ?? context().person, reason: flags.reason });
      if (flags.json) printJson(context(), { cluster, control, message: answer.message });
      else print(context(), [`${outStyle(context()).green('✓')} ${control}: ${answer.message}`]);
    });
}
