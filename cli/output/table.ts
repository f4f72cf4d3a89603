import { padEnd, padStart, type Style, truncate, width } from './style';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  right?: boolean;
  /** Cut with an ellipsis when the table is too wide; the widest such column gives way first. Others are always whole. */
  shrinks?: boolean;
}

const gap = '  ';
const leastWidth = 6;

/** Plain aligned columns without borders, the titles dimmed: they survive copying, cutting and narrow terminals. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], columnsOfTerminal: number, style: Style): string[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  // A column that says nothing in any row is left out.
  const shown = columns.map((_, index) => index).filter((index) => cells.some((row) => row[index] !== ''));
  const widths = new Map(
    shown.map((index) => [index, Math.max(width(columns[index]?.title ?? ''), ...cells.map((row) => width(row[index] ?? '')))]),
  );
  const total = () => [...widths.values()].reduce((sum, value) => sum + value, 0) + gap.length * (widths.size - 1);
  for (let excess = total() - columnsOfTerminal; excess > 0; excess = total() - columnsOfTerminal) {
    const [widest, size] = [...widths]
      .filter(([index, value]) => columns[index]?.shrinks && value > leastWidth)
      .reduce<[number, number]>((best, entry) => (entry[1] > best[1] ? entry : best), [-1, 0]);
    if (widest === -1) break;
    widths.set(widest, Math.max(leastWidth, size - excess));
  }
  const line = (values: readonly string[]): string =>
    shown
      .map((index) => {
        const size = widths.get(index) ?? 0;
        const text = truncate(values[index] ?? '', size);
        return columns[index]?.right ? padStart(text, size) : padEnd(text, size);
      })
      .join(gap)
      .trimEnd();
  return [style.dim(line(columns.map((column) => column.title))), ...cells.map(line)];
}

export const indent = (lines: readonly string[], by = '  '): string[] => lines.map((line) => (line ? by + line : line));
