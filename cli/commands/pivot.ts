import type { DrydockCommand } from '../command';
import { type CliContext, outStyle } from '../context';
import { pivotInputFrom, type PivotFlags } from '../input/operation-input';
import { isPivotResult, pivotSummary } from '../output/pivot';
import { begin, type StartFlags } from '../start';
import { collect } from './shared';

type Flags = Omit<PivotFlags, 'approval'> & StartFlags & { approval?: string };

export function registerPivot(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('pivot')
    .summary('make another member the primary')
    .description(
      'Promotes a member, moves the routers and the other replicas to it, and makes the old primary follow it.\n' +
        'Clients wait at the router for some ten milliseconds. An unplanned pivot does not wait for the old primary: it is fenced.',
    )
    .argument('<cluster>', 'name of the cluster')
    .completing('cluster', 'cluster')
    .option('--to <member>', 'the member to promote (default: the best candidate)')
    .completing('--to', 'member')
    .option('--dry-run', 'show the candidates, what would refuse it and what it would cost; touch nothing')
    .expecting()
    .approvable()
    .option('--unplanned', 'the primary is lost: do not wait for it, fence it')
    .option('--reason <text>', 'goes into the journal of the cluster')
    .option('--transaction-bound <ms>', 'how long open transactions may go on (default: as the cluster says)')
    .option('--no-proof', 'do not compare the data of all members afterwards')
    .followed()
    .json()
    .examples(
      'npx drydock pivot orders --dry-run',
      'npx drydock pivot orders --to orders-2 --reason "kernel update of the host"',
      'npx drydock pivot orders --expect-primary orders-1 --expect-epoch 3',
      'npx drydock pivot orders --approval before-switch --timeout 30m --detach',
      'npx drydock pivot orders --json | jq .result.switch.heldMs',
    )
    .action(async (cluster: string, flags: Flags) => {
      const input = pivotInputFrom(cluster, { ...flags, approval: collect(flags.approval) });
      await begin(context(), 'pivot', input, flags, (_, view) => {
        if (!isPivotResult(view.result)) return [];
        const { terminal } = context();
        return pivotSummary(view.result, view.progress?.warnings ?? [], terminal.columns, outStyle(context()));
      });
    });
}
