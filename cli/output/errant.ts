import type { ErrantEntry, ErrantResult } from '../../schemas/errant';
import { type Style, wrap } from './style';
import { indent, table } from './table';
import { count } from './text';

const changesText = ({ changes }: ErrantEntry): string =>
  changes.map(({ table: name, change, rows }) => `${name}: ${change} ${count(rows)}`).join(', ') || 'no rows known';

/** What `cluster errant` answers: what was done, then what is known. */
export function errantLines(value: unknown, dryRun: boolean, columns: number, style: Style): string[] {
  const { entries = [], deed } = (value ?? {}) as Partial<ErrantResult>;
  const done = deed ? [`${dryRun ? 'would ' : ''}${deed}`, ''] : [];
  if (entries.length === 0) return [...done, 'no member has, or had, transactions that the primary does not have'];
  const lines = table(
    entries,
    [
      { title: 'MEMBER', cell: ({ member }) => style.bold(member) },
      { title: 'STATE', cell: ({ state }) => (state === 'waits' ? style.yellow(state) : state) },
      { title: 'EPOCH', cell: ({ epoch }) => String(epoch), right: true },
      { title: 'NUMBER', cell: ({ transactions }) => (transactions === null ? '?' : count(transactions)), right: true },
      { title: 'CHANGES', cell: changesText, shrinks: true },
    ],
    columns - 2,
    style,
  );
  const details = entries.flatMap(({ member, gtids, kept, decided }) => [
    ...wrap(`${member}: ${gtids}`, columns - 4),
    ...wrap(`  kept: ${kept ?? 'not decoded'}${decided ? `; ${decided}` : ''}`, columns - 4),
  ]);
  return [...done, ...indent(lines), '', ...indent(details)];
}
