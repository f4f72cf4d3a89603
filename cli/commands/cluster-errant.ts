import type { ErrantDecision } from '../../schemas/errant';
import type { DrydockCommand } from '../command';
import { type CliContext, confirm, outStyle } from '../context';
import { CliError } from '../errors';
import { errantInputFrom, type GuardedFlags } from '../input/operation-input';
import { errantLines } from '../output/errant';
import { begin, type StartFlags } from '../start';
import { collect } from './shared';

type Flags = Omit<GuardedFlags, 'approval'> &
  StartFlags & { approval?: string; by?: string; reason?: string; proof?: boolean; yes?: boolean };

/** `cluster errant list|resolve|forget`: transactions that a member has and the primary does not. */
export function registerClusterErrant(parent: DrydockCommand, context: () => CliContext): void {
  const errant = parent
    .command('errant')
    .summary('list, resolve and forget transactions that a member alone has')
    .description('Transactions that a member has and the primary does not: list them, resolve them, forget what was kept of them.');

  const run = async (decision: ErrantDecision, cluster: string, member: string | undefined, flags: Flags): Promise<void> => {
    const by = flags.by ?? context().person;
    const input = errantInputFrom(cluster, decision, member, { ...flags, by, approval: collect(flags.approval) });
    await begin(context(), 'errant', input, flags, (_, view) =>
      errantLines(view.result, input.dryRun, context().terminal.columns, outStyle(context())),
    );
  };

  errant
    .command('list')
    .summary('what members alone have or had, where the decoded text is, what was decided')
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .json()
    .examples('npx drydock cluster errant list orders', 'npx drydock cluster errant list orders --json | jq .result.entries')
    .action((cluster: string, flags: Flags) => run('list', cluster, undefined, flags));

  const resolve = errant
    .command('resolve')
    .summary('build the member anew, or accept what it alone has')
    .description(
      '--rebuild builds the member anew from a replica; its old volume is kept.\n' +
        '--accept (MySQL) makes the primary take the transactions for known, by empty ones of the same names. What they changed stays on that\n' +
        'member and nowhere else: apply it to the primary by hand first, or know that it does not matter. The comparison afterwards shows the rest.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .argument('<member>', 'whose transactions')
    .completing('member', 'member')
    .option('--rebuild', 'build it anew')
    .option('--accept', 'take them for known')
    .option('--no-proof', 'do not compare the data of all members afterwards');
  const forget = errant
    .command('forget')
    .summary('delete for good what was kept of a member’s own transactions')
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .argument('<member>', 'whose transactions')
    .completing('member', 'member')
    .option('--yes', 'do not ask');
  for (const command of [resolve, forget])
    command
      .option('--dry-run', 'say what would be done; touch nothing')
      .option('--reason <text>', 'why, for the record in the cluster')
      .option('--by <name>', 'who decides, for the record (default: your user name)')
      .expecting()
      .approvable()
      .followed()
      .json();
  resolve
    .examples(
      'npx drydock cluster errant resolve orders orders-1 --rebuild',
      'npx drydock cluster errant resolve orders orders-3 --accept --dry-run',
    )
    .action((cluster: string, member: string, flags: Flags & { rebuild?: boolean; accept?: boolean }) => {
      if (Boolean(flags.rebuild) === Boolean(flags.accept))
        throw new CliError('InvalidInput', 'one decision is needed; nothing was touched', [
          { path: '--rebuild, --accept', message: 'give one of them' },
        ]);
      return run(flags.rebuild ? 'rebuild' : 'accept', cluster, member, flags);
    });
  forget
    .examples('npx drydock cluster errant forget orders orders-1 --dry-run', 'npx drydock cluster errant forget orders orders-1 --yes')
    .action(async (cluster: string, member: string, flags: Flags) => {
      if (!flags.dryRun)
        await confirm(context(), `Delete for good what was kept of ${member}? Type its name to go on:`, member, flags.yes ?? false);
      await run('forget', cluster, member, flags);
    });
}
