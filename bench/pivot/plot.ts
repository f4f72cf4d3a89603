import { budgetOf, type Case, figureName, figureOf, nameOf, type Sample } from './cases';
import { spreadOf } from './statistics';

const width = 250;
const height = 260;
const margin = { left: 46, top: 46, bottom: 30 };
const colours = { floor: '#7a869a', engine: '#0b5fff' } as const;

/** One panel per case: a dot per run, floor beside engine, a bar at the median, the budgets as lines. */
export function plot(cases: Case[], samples: Sample[], title: string): string {
  const panels = cases.map((of, index) => panel(of, samples, index * width)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${cases.length * width}" height="${height + 30}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="12" y="18" font-size="14" font-weight="bold">${escape(title)}</text>
<g transform="translate(0 24)">
${panels}
</g>
</svg>
`;
}

function panel(of: Case, samples: Sample[], x: number): string {
  const own = samples.filter((sample) => nameOf(sample) === nameOf(of));
  const budget = budgetOf(of);
  const top = Math.max(budget.worstMs, ...own.map(figureOf)) * 1.05;
  const bottom = height - margin.bottom;
  const y = (ms: number): number => Math.round((bottom - (ms / top) * (bottom - margin.top)) * 10) / 10;
  const line = (ms: number, text: string, dash: string): string =>
    `<line x1="${margin.left}" x2="${width - 8}" y1="${y(ms)}" y2="${y(ms)}" stroke="#c0392b" stroke-dasharray="${dash}"/>` +
    `<text x="${margin.left - 4}" y="${y(ms) + 4}" text-anchor="end" fill="#c0392b">${ms}</text>` +
    `<text x="${width - 10}" y="${y(ms) - 3}" text-anchor="end" fill="#c0392b">${text}</text>`;
  const column = (who: Sample['who'], centre: number): string => {
    const runs = own.filter((sample) => sample.who === who);
    if (runs.length === 0) return '';
    const dots = runs.map(
      (sample, index) =>
        `<circle cx="${centre - 20 + (40 * (index + 0.5)) / runs.length}" cy="${y(figureOf(sample))}" r="3" fill="${colours[who]}" fill-opacity="0.7"/>`,
    );
    const { median } = spreadOf(runs.map(figureOf));
    return (
      dots.join('') +
      `<line x1="${centre - 26}" x2="${centre + 26}" y1="${y(median)}" y2="${y(median)}" stroke="${colours[who]}" stroke-width="2"/>` +
      `<text x="${centre + 29}" y="${y(median) + 4}" fill="${colours[who]}">${median}</text>` +
      `<text x="${centre}" y="${bottom + 15}" text-anchor="middle">${who}</text>`
    );
  };
  return `<g transform="translate(${x} 0)">
<text x="${margin.left}" y="18" font-weight="bold">${escape(nameOf(of))}</text>
<text x="${margin.left}" y="32" fill="#555">${escape(figureName[of.kind])}, ms</text>
<line x1="${margin.left}" x2="${margin.left}" y1="${margin.top}" y2="${bottom}" stroke="#999"/>
<line x1="${margin.left}" x2="${width - 8}" y1="${bottom}" y2="${bottom}" stroke="#999"/>
<text x="${margin.left - 4}" y="${bottom + 4}" text-anchor="end">0</text>
${line(budget.medianMs, 'median', '6 3')}
${line(budget.worstMs, 'worst', '2 3')}
${column('floor', 95)}
${column('engine', 180)}
</g>`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
