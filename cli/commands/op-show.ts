import type { OperationView } from '../../client/contract';
import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { CliError } from '../errors';
import { operationLines } from '../output/operation';
import { isPivotResult, pivotSummary, planLines, planOf } from '../output/pivot';
import { upgradeLines } from '../output/upgrade';
import { upgradeMarkdown, upgradeReportOf } from '../output/upgrade-report';
import { newest } from './newest';

export function registerOpShow(parent: DrydockCommand, context: () => CliContext): void {
  parent
    .command('show')
    .summary('show where an operation stands, or how it ended')
    .description('Works on closed operations, and without a worker: then it shows what the server knows.')
    .argument('[operation]', 'its id (default: the newest)')
    .completing('operation', 'operation')
    .option('--report', 'the report of an upgrade that has ended, as Markdown')
    .json()
    .examples('npx drydock op show', 'npx drydock op show pivot/orders/3', 'npx drydock op show pivot/orders/3 --json | jq .progress.phase')
    .action(async (id: string | undefined, flags: { json?: boolean; report?: boolean }) => {
      const client = await context().connect();
      const view = await client.show(id ?? (await newest(client, false)));
      if (flags.report) return print(context(), reportOf(view, context().now()));
      if (flags.json) return printJson(context(), view);
      const style = outStyle(context());
      const { columns } = context().terminal;
      print(context(), operationLines(view, { columns, style, now: context().now(), program: context().program }));
      const plan = planOf(view.result);
      if (plan) print(context(), ['', ...planLines(plan, columns, style)]);
      else if (isPivotResult(view.result)) print(context(), pivotSummary(view.result, [], columns, style));
      else if (upgradeReportOf(view.result))
        print(context(), upgradeLines(view.result, columns, style, `${context().program} op show ${view.id} --report`));
    });
}

function reportOf(view: OperationView, now: Date): string[] {
  const lines = upgradeMarkdown(view, now);
  if (lines.length > 0) return lines;
  throw new CliError(
    'NotAllowedNow',
    `${view.id} has no report: only an upgrade that has ended has one`,
    [],
    `See where it stands with \`npx drydock op show ${view.id}\`.`,
  );
}
