import { type LedgerBucket, type LedgerMode, type LedgerRecords, type LedgerReport, outcomes } from './types';

export interface ReportHead {
  mode: LedgerMode;
  ratePerSecond: number;
  seed: number;
  shed: number;
  retried: boolean;
  /** ms since 1970. */
  startedAt: number;
  endedAt: number;
}

/** All figures of a ledger from its records; pure. */
export function reportOf(records: LedgerRecords, head: ReportHead): LedgerReport {
  const counts = { pending: 0, acknowledged: 0, failed: 0, unknown: 0 };
  const rawErrors: Record<string, number> = {};
  const latencies: number[] = [];
  const acknowledgements: number[] = [];
  const buckets = new Map<number, LedgerBucket>();
  const firstDue = new Map<number, number>();
  let longestWithRetry = 0;
  let errorsAfterRetry = 0;
  const retryErrors: Record<string, number> = {};

  for (let row = 0; row < records.id.length; row++) {
    const id = records.id[row] ?? 0;
    const due = records.due[row] ?? 0;
    const ended = records.ended[row] ?? 0;
    const outcome = outcomes[records.outcome[row] ?? 0] ?? 'pending';
    const acknowledged = outcome === 'acknowledged';
    if (acknowledged) acknowledgements.push(ended);
    if (records.attempt[row] !== 0) {
      if (acknowledged) longestWithRetry = Math.max(longestWithRetry, ended - (firstDue.get(id) ?? due));
      else {
        errorsAfterRetry += 1;
        count(retryErrors, nameOf(records, row));
      }
      continue;
    }
    counts[outcome] += 1;
    const second = Math.floor((due - head.startedAt) / 1000);
    const bucket = buckets.get(second) ?? { second, acknowledged: 0, failed: 0, unknown: 0, longestMs: 0 };
    buckets.set(second, bucket);
    if (outcome !== 'pending') bucket[outcome] += 1;
    if (acknowledged) {
      latencies.push(ended - due);
      bucket.longestMs = Math.max(bucket.longestMs, round(ended - due));
    } else {
      firstDue.set(id, due);
      count(rawErrors, nameOf(records, row));
    }
  }

  latencies.sort((one, other) => one - other);
  const longest = latencies.at(-1) ?? 0;
  return {
    mode: head.mode,
    ratePerSecond: head.ratePerSecond,
    seed: head.seed,
    startedAt: iso(head.startedAt),
    endedAt: iso(head.endedAt),
    writes: counts.acknowledged + counts.failed + counts.unknown + counts.pending,
    acknowledged: counts.acknowledged,
    failed: counts.failed,
    unknown: counts.unknown,
    shed: head.shed,
    gap: longestGap(acknowledgements),
    longestWriteMs: round(longest),
    longestWithRetryMs: round(Math.max(longest, longestWithRetry)),
    medianWriteMs: round(quantile(latencies, 0.5)),
    p99WriteMs: round(quantile(latencies, 0.99)),
    rawErrors,
    rawErrorCount: counts.failed + counts.unknown,
    errorsAfterRetry: head.retried ? errorsAfterRetry : null,
    retryErrors,
    timeline: [...buckets.values()].sort((one, other) => one.second - other.second),
  };
}

const nameOf = (records: LedgerRecords, row: number): string => records.errors[(records.error[row] ?? 0) - 1] ?? 'no answer';

function count(errors: Record<string, number>, name: string): void {
  errors[name] = (errors[name] ?? 0) + 1;
}

function longestGap(acknowledgements: number[]): LedgerReport['gap'] {
  const times = acknowledgements.sort((one, other) => one - other);
  let gap = { ms: 0, from: times[0] ?? 0, to: times[0] ?? 0 };
  for (let index = 1; index < times.length; index++) {
    const from = times[index - 1] ?? 0;
    const to = times[index] ?? 0;
    if (to - from > gap.ms) gap = { ms: to - from, from, to };
  }
  return { ms: round(gap.ms), from: iso(gap.from), to: iso(gap.to) };
}

/** Of an ascending list; the nearest rank. */
export function quantile(ascending: number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(ascending.length * share) - 1))] ?? 0;
}

const round = (ms: number): number => Math.round(ms * 10) / 10;
const iso = (ms: number): string => new Date(ms).toISOString();
