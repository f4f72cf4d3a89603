import type { DrydockCommand } from '../command';
import { type CliContext, confirm, outStyle } from '../context';
import { type MemberFlags, memberInputFrom } from '../input/member-input';
import { memberChangeLines } from '../output/members';
import { begin, type StartFlags } from '../start';
import { collect } from './shared';

type Flags = Omit<MemberFlags, 'approval'> & StartFlags & { approval?: string; yes?: boolean };

/** `cluster member add|remove|replace`: which replicas a cluster has. */
export function registerClusterMember(parent: DrydockCommand, context: () => CliContext): void {
  const member = parent
    .command('member')
    .summary('add, remove and replace replicas')
    .description('Add a replica, take one out for good, or build another in its place (docs/members.md).');

  const run = async (
    type: 'addMember' | 'removeMember' | 'replaceMember',
    cluster: string,
    name: string | undefined,
    flags: Flags,
  ): Promise<void> => {
    const input = memberInputFrom(type, cluster, name, { ...flags, approval: collect(flags.approval) });
    await begin(context(), type, input, flags, (_, view) =>
      memberChangeLines(view.result, input.dryRun, context().terminal.columns, outStyle(context())),
    );
  };

  const add = member
    .command('add')
    .summary('build one more replica from the data of another')
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster');
  const remove = member
    .command('remove')
    .summary('take a replica out for good; its data is kept unless told otherwise')
    .description(
      'Stops a replica, makes sure that others hold what it has acknowledged, and removes it. Its volume is kept unless --delete-data is\n' +
        'given. The primary is never removed: make another member the primary first.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .argument('<member>', 'the replica')
    .completing('member', 'member')
    .option('--accept-few-acknowledgers', 'semi-sync: also when fewer than two others acknowledge; with none, writes wait until one does');
  const replace = member
    .command('replace')
    .summary('build a replica in place of one that is lost or unwanted')
    .description('The new one is built from a replica and counts before the old one, running or lost, is taken out.')
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .argument('<member>', 'the replica that is taken out in the end')
    .completing('member', 'member');
  for (const command of [add, replace])
    command
      .option('--host <host>', 'host of the new member (default: the one of the cluster with the fewest members)')
      .option('--no-proof', 'do not compare the data of the new member afterwards');
  for (const command of [remove, replace])
    command.option('--delete-data', 'also delete the data of the member that is taken out').option('--yes', 'do not ask');
  for (const command of [add, remove, replace])
    command.option('--dry-run', 'say what would be done; touch nothing').expecting().approvable().followed().json();
  add
    .examples('npx drydock cluster member add orders', 'npx drydock cluster member add orders --host rack-3 --dry-run')
    .action((cluster: string, flags: Flags) => run('addMember', cluster, undefined, flags));
  const confirmed = async (name: string, what: string, flags: Flags): Promise<void> => {
    if (!flags.dryRun) await confirm(context(), `${what} Type its name to go on:`, name, flags.yes ?? false);
  };
  remove
    .examples('npx drydock cluster member remove orders orders-3 --dry-run', 'npx drydock cluster member remove orders orders-3 --yes')
    .action(async (cluster: string, name: string, flags: Flags) => {
      await confirmed(
        name,
        `Take ${name} out of ${cluster} for good ${flags.deleteData ? 'and DELETE ITS DATA' : '(its data is kept)'}?`,
        flags,
      );
      await run('removeMember', cluster, name, flags);
    });
  replace
    .examples(
      'npx drydock cluster member replace orders orders-3',
      'npx drydock cluster member replace orders orders-3 --host rack-3 --yes',
    )
    .action(async (cluster: string, name: string, flags: Flags) => {
      await confirmed(name, `Replace ${name} of ${cluster} ${flags.deleteData ? 'and DELETE ITS DATA' : '(its data is kept)'}?`, flags);
      await run('replaceMember', cluster, name, flags);
    });
}
