import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';

export function registerUp(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('up')
    .summary('set up and start what drydock needs: engine, Temporal, worker')
    .description('Uses what is there already, starts what is missing, and says what it does. Safe to run again and after an interruption.')
    .option('--use-configured', 'use the Temporal server that the environment names (TEMPORAL_ADDRESS, a profile), not an own one')
    .option('--free-ports', 'choose free ports for Temporal, its UI and the metrics: for a second installation on this machine')
    .json()
    .examples(
      'npx drydock up',
      'DRYDOCK_HOME=~/second npx drydock up --free-ports',
      'TEMPORAL_ADDRESS=temporal.example.com:7233 npx drydock up --use-configured',
    )
    .action(async (flags: { useConfigured?: boolean; freePorts?: boolean; json?: boolean }) => {
      const { terminal, platform } = context();
      const say = (line: string): void => (flags.json ? terminal.err : terminal.out)(`${line}\n`);
      const report = await platform.up({ useConfigured: flags.useConfigured ?? false, freePorts: flags.freePorts ?? false, say });
      if (flags.json) return printJson(context(), report);
      const style = outStyle(context());
      const lines = [`${style.green('✓')} ${style.bold('drydock is up')}`, `  Temporal  ${report.address}, namespace ${report.namespace}`];
      if (report.uiUrl) lines.push(`  UI        ${report.uiUrl}`);
      if (report.metricsUrl) lines.push(`  metrics   ${report.metricsUrl}`);
      lines.push(`  state     ${report.home}`, `  next      ${context().program} cluster create examples/orders.yaml`);
      print(context(), lines);
    });
}
