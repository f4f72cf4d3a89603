import { budgetOf, type Case, figureOf, nameOf, ratioBudget, type Sample } from './cases';

export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** The median of an even number of values is the mean of the two in the middle. */
export function spreadOf(values: number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  const median = sorted.length % 2 === 0 ? (upper + (sorted[middle - 1] ?? 0)) / 2 : upper;
  const round = (value: number): number => Math.round(value * 10) / 10;
  return { min: round(sorted[0] ?? 0), median: round(median), max: round(sorted.at(-1) ?? 0) };
}

export interface Verdict {
  what: string;
  found: string;
  budget: string;
  kept: boolean;
}

/** Every budget of a case with what was found. */
export function judge(of: Case, samples: Sample[]): Verdict[] {
  const own = samples.filter((sample) => nameOf(sample) === nameOf(of));
  const engine = own.filter((sample) => sample.who === 'engine');
  const floor = own.filter((sample) => sample.who === 'floor');
  if (engine.length === 0) return [];
  const budget = budgetOf(of);
  const figures = spreadOf(engine.map(figureOf));
  const verdicts: Verdict[] = [
    atMost('median', figures.median, budget.medianMs, ' ms'),
    atMost('worst', figures.max, budget.worstMs, ' ms'),
  ];
  if (floor.length > 0) {
    const ratio = Math.round((figures.median / spreadOf(floor.map(figureOf)).median) * 100) / 100;
    verdicts.push(atMost('median, engine to floor', ratio, ratioBudget, ''));
  }
  const sum = (count: (sample: Sample) => number): number => engine.reduce((total, sample) => total + count(sample), 0);
  if (budget.rawErrors !== undefined) {
    verdicts.push(
      atMost('raw errors in the median run', spreadOf(engine.map((sample) => sample.rawErrorCount)).median, budget.rawErrors, ''),
    );
    verdicts.push(
      atMost(
        'writes with an error that were executed',
        sum((sample) => sample.executedDespiteError),
        0,
        '',
      ),
    );
  }
  verdicts.push(
    atMost(
      'errors after one retry',
      sum((sample) => sample.errorsAfterRetry),
      0,
      '',
    ),
  );
  // With async a killed primary may take acknowledged writes with it; they are counted in the table.
  if (of.kind === 'planned' || of.durability === 'semi-sync')
    verdicts.push(
      atMost(
        'acknowledged writes lost',
        sum((sample) => sample.lost),
        0,
        '',
      ),
    );
  return verdicts;
}

const atMost = (what: string, found: number, budget: number, unit: string): Verdict => ({
  what,
  found: `${found}${unit}`,
  budget: `<= ${budget}${unit}`,
  kept: found <= budget,
});
