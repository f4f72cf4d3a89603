import { DrydockCommand } from './command';
import { registerClusterAdopt } from './commands/cluster-adopt';
import { registerClusterCreate } from './commands/cluster-create';
import { registerClusterDelete } from './commands/cluster-delete';
import { registerClusterErrant } from './commands/cluster-errant';
import { registerClusterList } from './commands/cluster-list';
import { registerClusterMaintenance } from './commands/cluster-maintenance';
import { registerClusterMember } from './commands/cluster-member';
import { registerClusterShow } from './commands/cluster-show';
import { registerClusterUpdate } from './commands/cluster-update';
import { registerCompletion } from './commands/completion';
import { registerDoctor } from './commands/doctor';
import { registerDown } from './commands/down';
import { registerHostCheck } from './commands/host-check';
import { registerHostList } from './commands/host-list';
import { registerGuardControl } from './commands/guard-control';
import { registerOpControl } from './commands/op-control';
import { registerOpList } from './commands/op-list';
import { registerOpShow } from './commands/op-show';
import { registerOpWatch } from './commands/op-watch';
import { registerPivot } from './commands/pivot';
import { registerUp } from './commands/up';
import { registerUpgrade } from './commands/upgrade';
import { controls } from '../schemas/operation';
import { type CliContext, outStyle } from './context';
import { exitCodes } from './exit-codes';
import { version } from '../package.json';

const exitCodeHelp = Object.values(exitCodes)
  .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`)
  .join('\n');

/** The whole command line as a tree; nothing heavy is loaded by building it. */
export function buildProgram(context: CliContext): DrydockCommand {
  const program = new DrydockCommand('drydock');
  const style = outStyle(context);
  program
    .description('Durable operations for databases and services in containers.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'how to use a command')
    .helpCommand('help [command]', 'how to use a command')
    .enablePositionalOptions()
    .configureHelp({
      helpWidth: context.terminal.columns,
      styleTitle: (text) => style.bold(text),
      styleCommandText: (text) => style.cyan(text),
    })
    .configureOutput({
      writeOut: context.terminal.out,
      writeErr: context.terminal.err,
      outputError: () => undefined,
      getOutHelpWidth: () => context.terminal.columns,
    })
    .exitOverride()
    .examples(
      'npx drydock up                                       set up and start everything',
      'npx drydock cluster create examples/orders.yaml      a primary, two replicas, a router',
      'npx drydock pivot orders                             make another member the primary',
      'npx drydock op watch                                 follow the operation that is under way',
    )
    .addHelpText('after', `\nExit codes:\n${exitCodeHelp}`);
  const given = (): CliContext => context;

  registerUp(program, given);
  registerDown(program, given);
  registerDoctor(program, given);

  const cluster = program
    .command('cluster')
    .summary('create, adopt, show, list and delete clusters')
    .description('Create, adopt, show, list and delete clusters.');
  registerClusterCreate(cluster, given);
  registerClusterAdopt(cluster, given);
  registerClusterShow(cluster, given);
  registerClusterList(cluster, given);
  registerClusterUpdate(cluster, given);
  registerClusterMember(cluster, given);
  registerClusterDelete(cluster, given);
  registerClusterMaintenance(cluster, given);
  registerClusterErrant(cluster, given);

  const guard = program
    .command('guard')
    .summary('hold the guard of a cluster, or let it go on')
    .description('Hold the guard of a cluster, or let it go on.');
  for (const control of ['pause', 'resume'] as const) registerGuardControl(guard, given, control);

  registerPivot(program, given);
  registerUpgrade(program, given);

  const host = program
    .command('host')
    .summary('list and check the hosts')
    .description('List and check the hosts of the inventory (docs/hosts.md).');
  registerHostList(host, given);
  registerHostCheck(host, given);

  const operation = program
    .command('op')
    .summary('list, show, follow and steer operations')
    .description('List, show, follow and steer operations.');
  registerOpList(operation, given);
  registerOpShow(operation, given);
  registerOpWatch(operation, given);
  for (const control of controls) registerOpControl(operation, given, control);

  registerCompletion(program, given);
  return program;
}
