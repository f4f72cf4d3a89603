import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { CliError } from '../errors';
import { secondsOr } from '../input/numbers';

interface Flags {
  for?: string;
  reason?: string;
  by?: string;
  json?: boolean;
}

/** `cluster maintenance <cluster> on|off`. */
export function registerClusterMaintenance(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('maintenance')
    .summary('tell the guard that somebody works on a cluster, or no more')
    .description(
      'During maintenance the guard watches and reports, and starts no pivot and mends no member. It ends at the time that was given; when that\n' +
        'time runs out while drydock itself is away, it is kept until somebody says off. Operations that people start are not stopped by it.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .argument('<state>', 'on or off')
    .option('--for <duration>', 'how long, such as 30m or 2h (default: until somebody says off)')
    .option('--reason <text>', 'why, shown by `cluster show`')
    .option('--by <name>', 'who works on it (default: your user name)')
    .json()
    .examples(
      'npx drydock cluster maintenance orders on --for 30m --reason "new disk in orders-2"',
      'npx drydock cluster maintenance orders off',
    )
    .action(async (cluster: string, state: string, flags: Flags) => {
      const problems = [
        ...(['on', 'off'].includes(state) ? [] : [{ path: 'STATE', message: `expected on or off; found "${state}"` }]),
        ...(state === 'off' && flags.for !== undefined ? [{ path: '--for', message: 'goes with on only' }] : []),
      ];
      const seconds = secondsOr(flags.for);
      if (flags.for !== undefined && !(typeof seconds === 'number' && seconds > 0))
        problems.push({ path: '--for', message: `expected a duration such as 30m; found "${flags.for}"` });
      if (problems.length > 0) throw new CliError('InvalidInput', 'the command line is not right; nothing was touched', problems);
      const until = typeof seconds === 'number' ? new Date(context().now().getTime() + seconds * 1000).toISOString() : undefined;
      const client = await context().connect();
      const answer = await client.maintenance(cluster, {
        on: state === 'on',
        ...(until ? { until } : {}),
        by: flags.by ?? context().person,
        ...(flags.reason ? { reason: flags.reason } : {}),
      });
      if (flags.json) printJson(context(), { cluster, maintenance: state, ...(until ? { until } : {}), ...answer });
      else print(context(), [`${outStyle(context()).green('✓')} maintenance ${state}: ${answer.message}`]);
    });
}
