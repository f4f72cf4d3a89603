import type { OperationView } from '../../client/contract';
import type { CutOver, UpgradeReport, UpgradeResult } from '../../schemas/upgrade';
import { between, duration, plural } from './text';

/** The report of an upgrade that was carried out; undefined for anything else. */
export function upgradeReportOf(value: unknown): UpgradeReport | undefined {
  const report = (value as Partial<UpgradeResult> | null | undefined)?.report;
  return report?.cutOver && Array.isArray(report.built) ? report : undefined;
}

const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s+/g, ' ');

/** `npx drydock op show ID --report`: the whole upgrade as Markdown, for a ticket or a wiki. */
export function upgradeMarkdown(view: OperationView, now: Date): string[] {
  const report = upgradeReportOf(view.result);
  if (!report) return [];
  const { cluster, from, to, outcome, built, verified, cutOver, wayBack, rolledBack, kept } = report;
  const { proof, assertions } = verified;
  const lines = [
    `# Upgrade of ${cluster}: ${from} → ${to}`,
    '',
    outcome === 'upgraded' ? `**Done.** \`${view.id}\`` : `**Rolled back**: the old members serve again. \`${view.id}\``,
    '',
    '| step | state | time | |',
    '| --- | --- | --- | --- |',
    ...(view.progress?.steps ?? []).map(
      (step) =>
        `| ${cell(step.name)} | ${step.state} | ${step.startedAt ? duration(between(step.startedAt, step.endedAt, now)) : ''} | ${cell(step.detail ?? '')} |`,
    ),
    '',
    '## New members',
    '',
    ...built.map(
      ({ name, host, donor, bytes, seconds }) =>
        `- ${name} on ${host}: ${Math.ceil(bytes / 1e6)} MB from ${donor} in ${duration(seconds * 1000)}`,
    ),
    '',
    '## Verification',
    '',
    proof
      ? `- ${proof.equal ? 'equal on all new members' : 'differs'}: ${plural(proof.tables, 'table')}, ${plural(proof.rows, 'row')} in ${plural(proof.chunks, 'chunk')}, ${duration(proof.seconds * 1000)}`
      : '- the plan asked for no checksums',
    ...(proof?.unchecked ?? []).map(({ table, reason }) => `- not compared: ${table} (${reason})`),
    ...assertions.map(({ member, name, holds }) => `- assertion ${name} on ${member}: ${holds ? 'holds' : 'does not hold'}`),
    '',
    '## Cut-over',
    '',
    ...cutOverLines(cutOver),
  ];
  if (wayBack)
    lines.push(
      '',
      '## Way back',
      '',
      wayBack.live.length > 0
        ? `- ${wayBack.live.join(', ')} followed backwards: a rollback would have lost nothing`
        : '- no old member followed backwards',
      ...wayBack.broken.map((trouble) => `- ${trouble}`),
      `- the window of ${duration(wayBack.windowSeconds * 1000)} was ended by ${wayBack.endedBy === 'time' ? 'its time' : 'a person'}`,
    );
  if (rolledBack) lines.push('', '## Rollback', '', ...cutOverLines(rolledBack));
  if (kept.length > 0) lines.push('', '## Kept', '', ...kept.map((each) => `- ${each}`));
  const warnings = view.progress?.warnings ?? [];
  if (warnings.length > 0) lines.push('', '## Warnings', '', ...warnings.map((warning) => `- ${warning}`));
  return lines;
}

const cutOverLines = ({ at, from, to, epoch, heldMs, cutTransactions, proof }: CutOver): string[] => [
  `- ${from} → ${to}, epoch ${epoch}, ${at}`,
  `- clients were held ${duration(heldMs)}; ${plural(cutTransactions, 'transaction')} cut`,
  ...(proof === undefined ? [] : [`- all members were compared afterwards by \`${proof}\``]),
];
