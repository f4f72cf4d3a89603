import type { AdoptionReport, Difference } from '../../schemas/adoption';
import { type Style, wrap } from './style';

const titles: Record<Difference['verdict'], string> = {
  refused: 'to be mended first',
  changed: 'drydock changes',
  named: 'worth knowing',
};

/** What `cluster adopt --dry-run` answers. */
export function adoptionLines(value: unknown, columns: number, style: Style): string[] {
  const report = value as Partial<AdoptionReport> | undefined;
  if (!report?.differences) return [];
  const { cluster = '', fit, engine = '?', version = '?', durability = '', members = [], makes = [], routers = 0 } = report;
  const told = (verdict: Difference['verdict'], mark: string): string[] => {
    const list = report.differences?.filter((each) => each.verdict === verdict) ?? [];
    if (list.length === 0) return [];
    return ['', style.bold(`${titles[verdict]} (${list.length})`), ...list.flatMap((each) => differenceLines(each, mark, columns, style))];
  };
  return [
    '',
    `${style.bold(cluster)}  ${engine} ${version}, ${durability}: ${fit ? style.green('it can be adopted') : style.red('it can not be adopted as it is')}`,
    ...members.map(({ name, address, role }) => `  ${name} at ${address}: ${role}`),
    ...told('refused', style.red('✗')),
    ...told('changed', style.yellow('~')),
    ...told('named', style.yellow('!')),
    '',
    ...wrap(`drydock makes in it: ${makes.join(', ')}${routers > 0 ? `; ${routers} of its routers in front` : ''}`, columns - 2).map(
      (line) => `  ${line}`,
    ),
    style.dim('  nothing was touched'),
  ];
}

function differenceLines({ path, message, remedy }: Difference, mark: string, columns: number, style: Style): string[] {
  const [first = '', ...rest] = wrap(`${path}: ${message}`, columns - 4);
  return [
    `  ${mark} ${first}`,
    ...rest.map((line) => `    ${line}`),
    ...wrap(remedy, columns - 6).map((line, index) => style.dim(`    ${index === 0 ? '→' : ' '} ${line}`)),
  ];
}
