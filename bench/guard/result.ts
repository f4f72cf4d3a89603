import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { spreadOf } from '../pivot/statistics';
import type { Usage } from './usage';

/** A primary that was killed or hung, and when its guard knew. */
export interface Seen {
  cluster: string;
  fault: 'killed' | 'hangs' | 'serves';
  /** Undefined: no pivot was started. */
  firstSignMs?: number;
  pivotMs?: number;
}

export interface GuardResult {
  /** ISO time of the beginning. */
  date: string;
  clusters: number;
  cores: number;
  memoryGiB: number;
  loadBefore: number;
  startSeconds: number;
  measuredSeconds: number;
  usages: Record<string, Usage>;
  seen: Seen[];
  /** Of a guard in whose cluster nothing happened. */
  perGuard: {
    statementsPerSecond: number;
    connectionsPerSecond: number;
    routerHandshakesPerSecond: number;
    eventsPerHour: number;
    historyBytesPerHour: number;
  };
}

export const budgets = {
  residentMb: 500,
  cpuPercent: 50,
  /** docs/guard.md: a kill is dead about 20 ms after its connections closed; a hang is certain after 1.4 s and pivoted within 3 s. */
  killedMs: 300,
  hangsMs: 3000,
} as const;

export interface Verdict {
  what: string;
  found: string;
  budget: string;
  kept: boolean;
}

/** Every budget with what was found. */
export function judge(result: GuardResult): Verdict[] {
  const workers = Object.entries(result.usages).filter(([name]) => name.startsWith('worker'));
  const verdicts = workers.flatMap(([name, usage]): Verdict[] => [
    atMost(`${name}, resident`, usage.mostResidentMb, budgets.residentMb, ' MB'),
    atMost(`${name}, of one core`, usage.cpuPercent, budgets.cpuPercent, ' %'),
  ]);
  for (const [fault, what, budget] of [
    ['killed', 'primary killed until its pivot was started, worst', budgets.killedMs],
    ['hangs', 'primary hangs until its pivot was started, worst', budgets.hangsMs],
  ] as const) {
    const times = result.seen.filter((each) => each.fault === fault).map(({ pivotMs }) => pivotMs ?? Number.POSITIVE_INFINITY);
    if (times.length > 0) verdicts.push(atMost(what, Math.max(...times), budget, ' ms'));
  }
  return verdicts;
}

const atMost = (what: string, found: number, budget: number, unit: string): Verdict => ({
  what,
  found: `${found}${unit}`,
  budget: `<= ${budget}${unit}`,
  kept: found <= budget,
});

/** Writes `<day>-guard-<clusters>` as .json and .md; answers the path of the table. */
export async function writeResult(folder: string, result: GuardResult, label = ''): Promise<string> {
  const name = `${result.date.slice(0, 10)}-guard-${result.clusters}${label && `-${label}`}`;
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
  await writeFile(join(folder, `${name}.md`), tableOf(result));
  return join(folder, `${name}.md`);
}

/** The result for people, in Markdown. */
export function tableOf(result: GuardResult): string {
  const { perGuard } = result;
  const verdicts = judge(result).map((each) => `| ${each.what} | ${each.found} | ${each.budget} | ${each.kept ? 'kept' : '**missed**'} |`);
  const usages = Object.entries(result.usages).map(
    ([name, usage]) =>
      `| ${name} | ${usage.cpuPercent} % | ${usage.busiestPercent} % | ${usage.residentMb} MB | ${usage.mostResidentMb} MB |`,
  );
  const faults = (['killed', 'hangs'] as const).flatMap((fault) => {
    const own = result.seen.filter((each) => each.fault === fault);
    const times = (what: 'firstSignMs' | 'pivotMs'): string => {
      const { min, median, max } = spreadOf(own.flatMap((each) => each[what] ?? []));
      return `${min} / ${median} / ${max}`;
    };
    const missed = own.filter(({ pivotMs }) => pivotMs === undefined).length;
    return own.length === 0 ? [] : [`| ${fault} | ${own.length} | ${times('firstSignMs')} | ${times('pivotMs')} | ${missed} |`];
  });
  return `# One worker that guards ${result.clusters} clusters, ${result.date.slice(0, 10)}

Each cluster has one primary and two replicas: simulated members, which are TCP servers of one other process that speak MySQL's protocol, one
simulated router and a simulated engine. Temporal's server, the worker process and the guards are the real ones. Measured over
${Math.round(result.measuredSeconds)} s, after a start of ${result.startSeconds} s. ${result.cores} cores, ${result.memoryGiB} GiB; load average before: ${result.loadBefore}.

| budget for | found | budget | |
| --- | --- | --- | --- |
${verdicts.join('\n')}

| process | of one core | busiest 5 s | resident at the end | at most |
| --- | --- | --- | --- | --- |
${usages.join('\n')}

Times in milliseconds from the fault, minimum / median / maximum.

| primary | times | first sign | pivot started | not seen |
| --- | --- | --- | --- | --- |
${faults.join('\n')}

| of one guard in a quiet cluster | |
| --- | --- |
| statements | ${perGuard.statementsPerSecond}/s |
| new connections to members | ${perGuard.connectionsPerSecond}/s |
| new sessions to the router | ${perGuard.routerHandshakesPerSecond}/s |
| events of its history | ${perGuard.eventsPerHour}/h |
| bytes of its history | ${perGuard.historyBytesPerHour}/h |
`;
}
