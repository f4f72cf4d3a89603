import type { OperationSummary } from '../../client/contract';
import type { Style } from './style';
import { table } from './table';
import { between, duration, when } from './text';

/** The server calls an operation that was aborted failed; its last phase tells. */
function statusWord({ status, phase }: OperationSummary, style: Style): string {
  const word = status === 'FAILED' && phase === 'aborted' ? phase : status.toLowerCase().replaceAll('_', ' ');
  if (status === 'RUNNING') return style.cyan(word);
  return status === 'COMPLETED' ? style.green('done') : style.red(word);
}

/** `op list`: newest first. The id is never cut: it is what people copy. */
export function operationTable(operations: readonly OperationSummary[], now: Date, columns: number, style: Style): string[] {
  return table(
    operations,
    [
      { title: 'OPERATION', cell: ({ id }) => id },
      { title: 'TYPE', cell: ({ type }) => type, shrinks: true },
      { title: 'PHASE', cell: ({ phase, status }) => (status === 'RUNNING' ? phase : ''), shrinks: true },
      { title: 'STATUS', cell: (operation) => statusWord(operation, style) },
      { title: 'STARTED', cell: ({ startedAt }) => when(startedAt, now) },
      { title: 'TOOK', cell: ({ startedAt, closedAt }) => duration(between(startedAt, closedAt, now)), right: true },
    ],
    columns,
    style,
  );
}
