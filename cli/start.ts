import type { DrydockClient, OperationView } from '../client/contract';
import type { WorkflowType } from '../schemas/names';
import { type CliContext, print, printJson, outStyle } from './context';
import { followAndReport } from './follow';
import { planLines, planOf } from './output/pivot';

export interface StartFlags {
  detach?: boolean;
  wait?: boolean;
  json?: boolean;
}

/** Starts an operation, then follows it (or, detached, says how to), and sets the exit code. */
export async function begin(
  context: CliContext,
  type: WorkflowType,
  input: { dryRun: boolean; [setting: string]: unknown },
  flags: StartFlags,
  summary: (client: DrydockClient, view: OperationView) => Promise<string[]> | string[],
): Promise<void> {
  const client = await context.connect();
  const id = await client.start(type, input);
  const json = flags.json ?? false;
  if (flags.detach && !input.dryRun) {
    if (json) printJson(context, await client.show(id));
    else print(context, [id, `  follow it with  ${context.program} op watch ${id}`]);
    return;
  }
  const options = { json, wait: flags.wait ?? false };
  context.exitCode = await followAndReport(context, client, id, options, (view) => {
    const plan = planOf(view.result);
    return plan ? ['', ...planLines(plan, context.terminal.columns, outStyle(context))] : summary(client, view);
  });
}
