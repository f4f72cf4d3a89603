import type { ErrorReport } from '../errors';
import { type Style, width, wrap } from './style';

const hanging = (lead: string, text: string, columns: number): string[] => {
  const [first = '', ...rest] = wrap(text, Math.max(30, columns - width(lead)));
  return [lead + first, ...rest.map((line) => ' '.repeat(width(lead)) + line)];
};

/** The code and what happened first, then every problem by its path, then what to do. */
export function errorLines(report: ErrorReport, columns: number, style: Style): string[] {
  const lines = hanging(`${style.red(style.bold(report.code))}  `, report.message, columns);
  for (const { path, message } of report.problems) lines.push(...hanging(path ? `  ${style.bold(path)}: ` : '  ', message, columns));
  if (report.remedy) lines.push(...hanging(style.dim('→ '), report.remedy, columns));
  return lines;
}
