import type { CheckReport } from '../context';
import { padEnd, type Style, width, wrap } from './style';

const marks = { ok: '✓', warning: '!', missing: '✗' } as const;

/** One line per check, the remedy below what is not in order. */
export function doctorLines(checks: readonly CheckReport[], columns: number, style: Style): string[] {
  const nameWidth = Math.max(0, ...checks.map(({ name }) => width(name)));
  const left = nameWidth + 6;
  return checks.flatMap(({ name, state, found, remedy }) => {
    const colour = state === 'ok' ? style.green : state === 'warning' ? style.yellow : style.red;
    const [first = '', ...rest] = wrap(found, columns - left);
    const lines = [`  ${colour(marks[state])} ${padEnd(name, nameWidth)}  ${first}`, ...rest.map((line) => ' '.repeat(left) + line)];
    if (remedy && state !== 'ok')
      lines.push(...wrap(remedy, columns - left - 2).map((line, index) => ' '.repeat(left) + (index ? '  ' : style.dim('→ ')) + line));
    return lines;
  });
}
