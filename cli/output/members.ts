import type { UpdateResult } from '../../schemas/creation';
import type { MemberChange } from '../../schemas/member-changes';
import { facts } from './creation';
import { type Style, wrap } from './style';

/** What `cluster member add|remove|replace` did, or would. */
export function memberChangeLines(value: unknown, dryRun: boolean, columns: number, style: Style): string[] {
  const { cluster, added, donor, removed, kept = [], acknowledgers = [], primary } = (value ?? {}) as Partial<MemberChange>;
  if (!cluster) return [];
  const would = dryRun ? 'would be ' : '';
  return [
    '',
    ...facts(
      [
        [
          'added',
          added ? `${added.name} ${added.host === 'local' ? '' : `on ${added.host}, `}${would}copied from ${donor ?? primary ?? ''}` : '',
        ],
        ['removed', removed ? `${removed}${dryRun ? ' (would be)' : ''}` : ''],
        ['kept', kept.join(', ')],
        ['receipts', acknowledgers.length > 0 ? `of ${acknowledgers.join(', ')} count` : ''],
      ],
      columns,
      style,
    ),
    ...(dryRun ? [style.dim('  nothing was touched')] : []),
  ];
}

/** What `cluster update` changed, or would. */
export function updateLines(value: unknown, dryRun: boolean, columns: number, style: Style): string[] {
  const { cluster, changes = [] } = (value ?? {}) as Partial<UpdateResult>;
  if (!cluster) return [];
  const lines = changes.flatMap(({ path, message }) => wrap(`${path} ${message}`, columns - 4).map((line) => `  ${line}`));
  return ['', ...(lines.length > 0 ? lines : ['  it is as asked for already']), ...(dryRun ? [style.dim('  nothing was touched')] : [])];
}
