import type { FindingVerdict, UpgradeFinding, UpgradePlan, UpgradePreview, UpgradeRehearsal, UpgradeReport } from '../../schemas/upgrade';
import { proofText } from './pivot';
import { padEnd, type Style, width, wrap } from './style';
import { duration, plural } from './text';
import { upgradeReportOf } from './upgrade-report';

const titles: Record<FindingVerdict, string> = {
  refused: 'to be mended first',
  accepted: 'taken on by the plan',
  named: 'worth knowing',
};

/** What `upgrade` answers: the plan of a dry run, what a rehearsal found, or what was done. */
export function upgradeLines(value: unknown, columns: number, style: Style, readReport = 'npx drydock op show --report'): string[] {
  const report = upgradeReportOf(value);
  if (report) return reportLines(report, columns, style, readReport);
  const { rehearsal } = (value ?? {}) as Partial<UpgradeRehearsal>;
  return rehearsal ? rehearsalLines(value as UpgradeRehearsal, style) : upgradePlanLines(value, columns, style);
}

function reportLines(report: UpgradeReport, columns: number, style: Style, readReport: string): string[] {
  const { cluster, from, to, outcome, built, verified, cutOver, wayBack, rolledBack, kept } = report;
  const back = outcome === 'rolled-back';
  const facts: [string, string][] = [
    ['built', `${plural(built.length, 'member')}: ${built.map(({ name, host }) => `${name} on ${host}`).join(', ')}`],
    ...(verified.proof ? [['verified', proofText(verified.proof, style)] as [string, string]] : []),
    ...(verified.assertions.length > 0
      ? [['asserted', `${plural(verified.assertions.length, 'assertion')}, and all hold`] as [string, string]]
      : []),
    ['cut over', `${cutOver.from} → ${cutOver.to}, epoch ${cutOver.epoch}, clients held ${duration(cutOver.heldMs)}`],
    ...(wayBack
      ? [
          ['way back', wayBack.live.length > 0 ? `${wayBack.live.join(', ')} followed backwards` : wayBack.broken.join('; ')] as [
            string,
            string,
          ],
        ]
      : []),
    ...(rolledBack
      ? [
          ['back', `${rolledBack.from} → ${rolledBack.to}, epoch ${rolledBack.epoch}, clients held ${duration(rolledBack.heldMs)}`] as [
            string,
            string,
          ],
        ]
      : []),
    ...(kept.length > 0 ? [['kept', kept.join(', ')] as [string, string]] : []),
    ['report', readReport],
  ];
  return [
    '',
    `${back ? style.yellow('↩') : style.green('✓')} ${style.bold(back ? `Upgrade of ${cluster} rolled back: ${from} serves again` : `Upgrade of ${cluster}: ${from} → ${to}`)}`,
    ...facts.flatMap(([name, text]) => {
      const [first = '', ...rest] = wrap(text, columns - 13);
      return [`  ${style.dim(padEnd(name, 9))}  ${first}`, ...rest.map((line) => `${' '.repeat(13)}${line}`)];
    }),
  ];
}

function rehearsalLines({ plan, rehearsal }: UpgradeRehearsal, style: Style): string[] {
  const { seeded, caughtUpSeconds, proof, assertions } = rehearsal;
  const facts: [string, string][] = [
    ['seeded', `${Math.ceil(seeded.bytes / 1e6)} MB from ${rehearsal.donor} in ${duration(seeded.seconds * 1000)}`],
    ['caught up', `in ${duration(caughtUpSeconds * 1000)}`],
    ['proof', proofText(proof, style)],
    ...(assertions.length > 0 ? [['asserted', `${plural(assertions.length, 'assertion')}, and all hold`] as [string, string]] : []),
  ];
  return [
    '',
    `${style.green('✓')} ${style.bold(`Rehearsal for ${plan.cluster}: a server of ${rehearsal.server} follows ${plan.primary} (${plan.from})`)}`,
    ...facts.map(([name, text]) => `  ${style.dim(padEnd(name, 9))}  ${text}`),
    style.dim('  it was removed again; the cluster is as it was'),
  ];
}

/** What `upgrade --dry-run` answers. */
function upgradePlanLines(value: unknown, columns: number, style: Style): string[] {
  const plan = (value as Partial<UpgradePreview> | undefined)?.plan;
  if (!plan?.findings || !plan.steps) return [];
  return [
    '',
    `${style.bold(`Plan for ${plan.cluster}`)}: ${plan.from} → ${style.bold(plan.to)}  ${plan.fit ? style.green('it would go ahead') : style.red('it would be refused')}`,
    ...findingsOf(plan, 'refused', style.red('✗'), columns, style),
    ...findingsOf(plan, 'accepted', style.yellow('~'), columns, style),
    ...findingsOf(plan, 'named', style.yellow('!'), columns, style),
    '',
    ...stepLines(plan, columns, style),
    '',
    ...wayLines(plan, columns, style),
    style.dim('  nothing was touched'),
  ];
}

function findingsOf(plan: UpgradePlan, verdict: FindingVerdict, mark: string, columns: number, style: Style): string[] {
  const list = plan.findings.filter((each) => each.verdict === verdict);
  if (list.length === 0) return [];
  return ['', style.bold(`${titles[verdict]} (${list.length})`), ...list.flatMap((each) => findingLines(each, mark, columns, style))];
}

function findingLines({ check, path, message, remedy, acceptable }: UpgradeFinding, mark: string, columns: number, style: Style): string[] {
  const [first = '', ...rest] = wrap(`${check}${path ? ` ${path}` : ''}: ${message}`, columns - 4);
  const how = acceptable ? `${remedy}; or accept ${check} in the plan` : remedy;
  return [
    `  ${mark} ${first}`,
    ...rest.map((line) => `    ${line}`),
    ...wrap(how, columns - 6).map((line, index) => style.dim(`    ${index === 0 ? '→' : ' '} ${line}`)),
  ];
}

function stepLines({ steps }: UpgradePlan, columns: number, style: Style): string[] {
  const nameWidth = Math.max(0, ...steps.map(({ name }) => width(name)));
  return steps.flatMap(({ name, what, skipped, seconds }) => {
    const text = skipped === undefined ? `${what}${seconds === undefined ? '' : `, about ${duration(seconds * 1000)}`}` : skipped;
    const [first = '', ...rest] = wrap(text, Math.max(20, columns - nameWidth - 6));
    const lead = `  ${skipped === undefined ? '○' : style.dim('–')} ${padEnd(name, nameWidth)}  `;
    return [`${lead}${skipped === undefined ? first : style.dim(first)}`, ...rest.map((line) => `${' '.repeat(nameWidth + 6)}${line}`)];
  });
}

function wayLines({ newMembers, wayBack, estimate, steps }: UpgradePlan, columns: number, style: Style): string[] {
  const cutOver = steps.find(({ step }) => step === 'cut-over');
  const facts: [string, string][] = [
    ['estimated', `about ${duration(estimate.seconds * 1000)} until the cut-over, without ${estimate.without.join(', ')}`],
    ['builds', `${plural(newMembers.length, 'member')}: ${newMembers.map(({ name, host }) => `${name} on ${host}`).join(', ')}`],
    ['before', 'an abort removes the new members; nothing is lost'],
    ['way back', wayBack === undefined ? 'nothing is known of one' : `${wayBack.kind}: ${wayBack.reason}`],
    ...(wayBack?.brokenBy.length ? [['ended by', wayBack.brokenBy.join('; ')] as [string, string]] : []),
    ...(cutOver ? [['rollback', cutOver.rollback] as [string, string]] : []),
  ];
  return facts.flatMap(([name, text]) => {
    const [first = '', ...rest] = wrap(text, columns - 13);
    return [`  ${style.dim(padEnd(name, 9))}  ${first}`, ...rest.map((line) => `${' '.repeat(13)}${line}`)];
  });
}
