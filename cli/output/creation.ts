import type { CreationPreview, DeletionResult } from '../../schemas/creation';
import { padEnd, type Style, wrap } from './style';

export const facts = (pairs: readonly (readonly [name: string, text: string])[], columns: number, style: Style): string[] =>
  pairs
    .filter(([, text]) => text)
    .flatMap(([name, text]) =>
      wrap(text, columns - 13).map((line, index) => `  ${index ? ' '.repeat(9) : style.dim(padEnd(name, 9))}  ${line}`),
    );

/** What `cluster create --dry-run` answers. */
export function previewLines(value: unknown, columns: number, style: Style): string[] {
  const preview = value as Partial<CreationPreview> | undefined;
  if (!preview?.members) return [];
  const places = (items: readonly { name: string; host: string }[]): string =>
    items.map(({ name, host }) => (host === 'local' ? name : `${name} on ${host}`)).join(', ');
  return [
    '',
    `${style.bold(`Plan for ${preview.cluster}`)}: ${preview.exists ? 'it exists as asked for' : 'it would be created'}`,
    ...facts(
      [
        ['members', places(preview.members)],
        ['primary', preview.firstPrimary ?? ''],
        ['routers', places(preview.routers ?? [])],
        ['image', preview.image ?? ''],
      ],
      columns,
      style,
    ),
    style.dim('  nothing was touched'),
  ];
}

/** What a deletion removed and kept, or would. */
export function deletionLines(value: unknown, dryRun: boolean, columns: number, style: Style): string[] {
  const { removed = [], kept = [] } = (value ?? {}) as Partial<DeletionResult>;
  const lines = facts(
    [
      [dryRun ? 'removes' : 'removed', removed.join(', ')],
      [dryRun ? 'keeps' : 'kept', kept.join(', ')],
    ],
    columns,
    style,
  );
  return dryRun ? [...lines, style.dim('  nothing was touched')] : lines;
}
