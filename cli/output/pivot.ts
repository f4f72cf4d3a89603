import type { PivotPlan, PivotResult, ProofReport, TimedStep } from '../../schemas/pivot';
import { padEnd, padStart, type Style, width, wrap } from './style';
import { indent, table } from './table';
import { duration, plural } from './text';

/** What a dry run answers: who would be promoted and why, what refuses it, what it would cost. */
export function planLines(plan: PivotPlan, columns: number, style: Style): string[] {
  const refused = plan.problems.length > 0;
  const lines = [
    `${style.bold(`Plan for ${plan.cluster}`)}: ${plan.from} → ${style.bold(plan.to || 'nobody')}, epoch ${plan.epoch} → ${plan.nextEpoch}` +
      (refused ? `  ${style.red('would be refused')}` : `  ${style.green('would go ahead')}`),
    '',
    ...indent(
      table(
        plan.candidates,
        [
          {
            title: '',
            cell: ({ eligible, member }) => (member === plan.to ? style.green('→') : eligible ? style.green('✓') : style.red('✗')),
          },
          { title: 'CANDIDATE', cell: ({ member }) => (member === plan.to ? style.bold(member) : member) },
          { title: 'MAY BE PROMOTED', cell: ({ eligible }) => (eligible ? 'yes' : 'no') },
          { title: 'BECAUSE', cell: ({ reasons }) => reasons.join('; '), shrinks: true },
        ],
        columns - 2,
        style,
      ),
    ),
  ];
  if (plan.acknowledgers.length) lines.push('', `  ${plan.acknowledgers.join(', ')} acknowledges for the new primary before it opens`);
  for (const { path, message } of plan.problems) lines.push(...bullet(style.red('✗'), path ? `${path}: ${message}` : message, columns));
  for (const warning of plan.warnings) lines.push(...bullet(style.yellow('!'), warning, columns));
  if (!refused) {
    const { interruptionMs, catchUpSeconds, loses } = plan.prediction;
    const catchUp = catchUpSeconds > 0 ? `, after catching up for ${duration(catchUpSeconds * 1000)}` : '';
    lines.push('', `  ${style.dim('predicted')}  writes wait about ${duration(interruptionMs)}${catchUp}; loses ${loses || 'nothing'}`);
  }
  lines.push(style.dim('  nothing was touched'));
  return lines;
}

const bullet = (lead: string, text: string, columns: number): string[] =>
  wrap(text, columns - 4).map((line, index) => (index ? `    ${line}` : `  ${lead} ${line}`));

const barWidth = 30;

/** Each sub-step as a bar on one time scale: where the time of the switch went. */
export function switchChart(steps: readonly TimedStep[], columns: number, style: Style): string[] {
  const end = Math.max(1, ...steps.map(({ endMs }) => endMs));
  const nameWidth = Math.max(0, ...steps.map(({ name }) => width(name)));
  return steps.map(({ name, startMs, endMs, detail }) => {
    const from = Math.min(barWidth - 1, Math.floor((startMs / end) * barWidth));
    const to = Math.max(from + 1, Math.round((endMs / end) * barWidth));
    const bar = `${style.dim('·'.repeat(from))}${style.cyan('━'.repeat(to - from))}${style.dim('·'.repeat(barWidth - to))}`;
    const lead = `${padEnd(name, nameWidth)} ${padStart(duration(endMs - startMs), 8)}  ${bar}`;
    const room = columns - width(lead) - 2;
    return detail && room >= width(detail) ? `${lead}  ${style.dim(detail)}` : lead;
  });
}

const proofWords: Record<string, string> = {
  'read-only': 'it was read-only when it was read back',
  'container-stopped': 'the engine confirmed that its container is stopped',
  'fence-command': 'the fence command said so',
  'cannot-acknowledge': 'nobody is left that acknowledges for it',
  'accepted-split-brain': 'not proven: accepted by policy or by a person; promise 2 is void',
};

/** What the comparison of all members' data found. */
export function proofText(proof: ProofReport, style: Style): string {
  const size = `${plural(proof.tables, 'table')}, ${plural(proof.rows, 'row')} in ${plural(proof.chunks, 'chunk')}, ${duration(proof.seconds * 1000)}`;
  const left = proof.unchecked.map(({ table: name, reason }) => `${name} (${reason})`).join(', ');
  const unchecked = left ? style.yellow(`; not compared: ${left}`) : '';
  if (proof.equal) return `${style.green('equal on all members')}: ${size}${unchecked}`;
  const differing = proof.differences.map(({ member, table: name, chunk }) => `${name} ${chunk} on ${member}`).join(', ');
  return `${style.red('differs')}: ${differing}; ${size}${unchecked}`;
}

/** The end of a pivot: from whom to whom, how long clients waited and where the time went, how it was made safe. */
export function pivotSummary(result: PivotResult, warnings: readonly string[], columns: number, style: Style): string[] {
  const report = result.switch;
  const kind = result.unplanned ? 'Unplanned pivot' : 'Pivot';
  const lines = [
    '',
    `${style.green('✓')} ${style.bold(`${kind} of ${result.cluster}: ${result.from} → ${result.to}, epoch ${result.epoch}, clients held ${duration(report.heldMs)}`)}`,
    '',
    ...indent(switchChart(report.steps, columns - 2, style)),
    '',
  ];
  const facts: [string, string][] = [
    ['fenced', report.fence ? (proofWords[report.fence] ?? report.fence) : 'not reported'],
    ['cut', plural(report.cutTransactions, 'transaction')],
    ['routers', `${report.routersConfirmed.join(', ') || 'none'} confirmed epoch ${report.epoch}`],
    ['following', [...new Set([...report.repointed, ...result.repointed])].join(', ') || 'none'],
    ['proof', result.proof ? `data is compared in the background: ${result.proof}` : ''],
  ];
  for (const [name, text] of facts) {
    if (!text) continue;
    const [first = '', ...rest] = wrap(text, columns - 13);
    lines.push(`  ${style.dim(padEnd(name, 9))}  ${first}`, ...rest.map((line) => `${' '.repeat(13)}${line}`));
  }
  if (report.routersMissing.length)
    lines.push(...bullet(style.yellow('!'), `not confirmed by ${report.routersMissing.join(', ')}`, columns));
  for (const { member, reason } of result.aside)
    lines.push(...bullet(style.yellow('!'), `${member} does not follow yet: ${reason}`, columns));
  for (const warning of warnings) lines.push(...bullet(style.yellow('!'), warning, columns));
  return lines;
}

/** A pivot's result as the workflow gives it; anything else (an older worker's) is not summed up. */
export function isPivotResult(value: unknown): value is PivotResult {
  const result = value as Partial<PivotResult> | null | undefined;
  return Boolean(result && typeof result === 'object' && result.switch && Array.isArray(result.switch.steps) && result.to);
}

/** The plan of a dry run: the result itself, or a field of it. */
export function planOf(value: unknown): PivotPlan | undefined {
  const given = value as { plan?: unknown; candidates?: unknown } | null | undefined;
  if (!given || typeof given !== 'object') return undefined;
  if (Array.isArray(given.candidates)) return given as unknown as PivotPlan;
  return planOf(given.plan);
}
