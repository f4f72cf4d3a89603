import type { Control, ControlRequest } from '../../schemas/operation';
import type { DrydockCommand } from '../command';
import { type CliContext, outStyle, print, printJson } from '../context';
import { followAndReport } from '../follow';

interface Flags {
  reason?: string;
  by?: string;
  gate?: string;
  detach?: boolean;
  wait?: boolean;
  json?: boolean;
}

const summaries: Record<Control, string> = {
  pause: 'pause an operation at its next safe point',
  resume: 'let a paused operation go on',
  approve: 'approve what an operation waits for',
  abort: 'give an operation up and undo what can be undone safely',
  rollback: 'go back: an abort before the switch, a planned pivot back after it',
};

/** `op pause|resume|approve|abort|rollback`: one update each, whose answer says what will happen. */
export function registerOpControl(parent: DrydockCommand, context: () => CliContext, control: Control): void {
  const command = parent
    .command(control)
    .summary(summaries[control])
    .argument('<operation>', 'its id, see `npx drydock op list`')
    .completing('operation', 'operation')
    .option('--reason <text>', 'why, for the record of the operation')
    .option('--by <name>', 'who asks, for the record (default: your user name)');
  if (control === 'approve') command.option('--gate <gate>', 'which gate (default: the one that waits)');
  if (control === 'rollback')
    command
      .option('--detach', 'where a new operation goes back: do not follow it')
      .option('--wait', 'without a terminal: keep following while it waits for a person');
  command
    .json()
    .examples(...examples[control])
    .action(async (id: string, flags: Flags) => {
      const client = await context().connect();
      const request: ControlRequest = { by: flags.by ?? context().person, reason: flags.reason, gate: flags.gate };
      const answer = await client.control(id, control, request);
      const another = answer.operation !== id;
      if (flags.json && (!another || flags.detach)) return printJson(context(), { control, ...answer });
      const style = outStyle(context());
      if (!flags.json) print(context(), [`${style.green('✓')} ${control}: ${answer.message}`]);
      if (!another) return;
      if (flags.detach) return print(context(), [`  follow it with  ${context().program} op watch ${answer.operation}`]);
      context().exitCode = await followAndReport(context(), client, answer.operation, {
        json: flags.json ?? false,
        wait: flags.wait ?? false,
      });
    });
}

const examples: Record<Control, string[]> = {
  pause: ['npx drydock op pause pivot/orders/3 --reason "wait for the batch job"'],
  resume: ['npx drydock op resume pivot/orders/3'],
  approve: ['npx drydock op approve pivot/orders/3', 'npx drydock op approve pivot/orders/3 --gate before-switch --by ada'],
  abort: ['npx drydock op abort pivot/orders/3 --reason "wrong cluster"'],
  rollback: ['npx drydock op rollback pivot/orders/3', 'npx drydock op rollback pivot/orders/3 --detach --json'],
};
