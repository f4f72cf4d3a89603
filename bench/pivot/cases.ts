/** What is measured, and what must come out (design: "Budgets"). */

export const kinds = ['planned', 'killed'] as const;
export type Kind = (typeof kinds)[number];
export const durabilities = ['async', 'semi-sync'] as const;
export type Durability = (typeof durabilities)[number];

export interface Case {
  kind: Kind;
  durability: Durability;
}

export const nameOf = ({ kind, durability }: Case): string => `${kind}, ${durability}`;

/** One pivot under load. */
export interface Sample extends Case {
  who: 'floor' | 'engine';
  run: number;
  from: string;
  to: string;
  longestWriteMs: number;
  longestWithRetryMs: number;
  gapMs: number;
  medianWriteMs: number;
  rawErrors: Record<string, number>;
  rawErrorCount: number;
  errorsAfterRetry: number;
  /** Writes that got an error, and were executed nevertheless. */
  executedDespiteError: number;
  acknowledged: number;
  lost: number;
  /** From the command (or the kill) until clients were moved. */
  movedMs: number;
  /** Until every surviving member followed the new primary. */
  convergedMs: number;
  steps: { name: string; startMs: number; endMs: number }[];
  /** The engine's trace, in milliseconds since the command or the kill; nothing for the floor, whose steps are all there is. */
  parts: { name: string; startMs: number; endMs: number }[];
}

/** The figure that a case is judged by. */
export const figureOf = (sample: Pick<Sample, 'kind' | 'longestWriteMs' | 'gapMs'>): number =>
  sample.kind === 'planned' ? sample.longestWriteMs : sample.gapMs;

export const figureName: Record<Kind, string> = { planned: 'longest write', killed: 'gap between acknowledged writes' };

export interface Budget {
  medianMs: number;
  worstMs: number;
  /** Raw errors of the median run; undefined where lost connections can't be avoided. */
  rawErrors?: number;
}

export function budgetOf({ kind, durability }: Case): Budget {
  if (kind === 'killed') return { medianMs: 300, worstMs: 800 };
  return { medianMs: durability === 'async' ? 50 : 100, worstMs: 250, rawErrors: 2 };
}

/** The engine may cost a fifth more than a plain script that does the same steps. */
export const ratioBudget = 1.2;
