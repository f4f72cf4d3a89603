import { type CliContext, outStyle } from '../context';
import type { DrydockCommand } from '../command';
import { CliError } from '../errors';
import { type ClusterFlags, clusterDefinitionFrom } from '../input/cluster-file';
import { clusterLines } from '../output/cluster';
import { previewLines } from '../output/creation';
import { begin } from '../start';

type Flags = ClusterFlags & { dryRun?: boolean; detach?: boolean; wait?: boolean; json?: boolean };

export function registerClusterCreate(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('create')
    .summary('create a cluster from a file or from flags')
    .description(
      'Creates a primary, its replicas and a router, and follows the operation until clients can connect.\n' +
        'The cluster file is YAML or JSON (see examples/); a flag wins over the file. `-` reads standard input.',
    )
    .argument('[file]', 'the cluster file')
    .completing('file', 'file')
    .option('--name <name>', 'name of the cluster')
    .choice('--engine <engine>', 'database engine', ['mysql', 'mariadb'])
    .option('--version <version>', 'its version, such as 8.0 or 10.11')
    .option('--image <image>', 'an image to run instead of the one that drydock builds')
    .option('--replicas <number>', 'number of replicas (default: 2)')
    .choice('--durability <durability>', 'semi-sync loses no acknowledged write (default: semi-sync)', ['async', 'semi-sync'])
    .option('--dry-run', 'check the input and answer with the plan; touch nothing')
    .followed()
    .json()
    .examples(
      'npx drydock cluster create examples/orders.yaml',
      'npx drydock cluster create --name orders --engine mysql --version 8.0',
      'npx drydock cluster create orders.yaml --replicas 3 --dry-run',
      'npx drydock cluster create --name orders --engine mariadb --version 10.11 --detach --json',
    )
    .action(async (file: string | undefined, flags: Flags, command: DrydockCommand) => {
      const { name, engine, version, image, replicas, durability } = flags;
      const given: ClusterFlags = { name, engine, version, image, replicas, durability };
      if (file === undefined && Object.values(given).every((value) => value === undefined))
        throw new CliError(
          'InvalidInput',
          'a cluster file, or --name, --engine and --version, are needed; nothing was touched',
          [],
          `See \`npx drydock cluster ${command.name()} --help\` and examples/.`,
        );
      const cluster = await clusterDefinitionFrom(file, given);
      await begin(context(), 'createCluster', { cluster, dryRun: flags.dryRun ?? false }, flags, async (client, view) => {
        const { terminal } = context();
        if (flags.dryRun) return previewLines(view.result, terminal.columns, outStyle(context()));
        return ['', ...clusterLines(await client.cluster(cluster.name), terminal.columns, outStyle(context()))];
      });
    });
}
