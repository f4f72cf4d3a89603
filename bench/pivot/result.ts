import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Case, figureName, nameOf, type Sample } from './cases';
import { plot } from './plot';
import { judge, spreadOf } from './statistics';
import { whereTable } from './where';

export interface BenchResult {
  /** ISO time of the beginning. */
  date: string;
  engine: string;
  version: string;
  runs: number;
  cores: number;
  memoryGiB: number;
  /** Load average over one minute at the beginning: of what else ran on the machine. */
  loadBefore: number;
  samples: Sample[];
  /** Resident megabytes, at the end. */
  residentMb: { worker: number; temporal: number };
}

/** Writes `<day>-pivot-<engine>-<version>` as .json, .md and .svg; answers the path of the table. */
export async function writeResult(folder: string, result: BenchResult): Promise<string> {
  const name = `${result.date.slice(0, 10)}-pivot-${result.engine}-${result.version}`;
  const cases = casesOf(result.samples);
  const title = `Pivot of ${result.engine} ${result.version} under 200 writes/s`;
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
  await writeFile(join(folder, `${name}.svg`), plot(cases, result.samples, title));
  await writeFile(join(folder, `${name}.md`), tableOf(result, cases, `${name}.svg`));
  return join(folder, `${name}.md`);
}

export function casesOf(samples: Sample[]): Case[] {
  const seen = new Map<string, Case>();
  for (const { kind, durability } of samples) seen.set(nameOf({ kind, durability }), { kind, durability });
  return [...seen.values()];
}

/** The result for people, in Markdown. */
export function tableOf(result: BenchResult, cases: Case[], picture: string): string {
  const { samples } = result;
  const spread = (values: number[]): string => {
    const { min, median, max } = spreadOf(values);
    return `${min} / ${median} / ${max}`;
  };
  const rows = cases.flatMap((of) =>
    (['floor', 'engine'] as const).map((who) => {
      const own = samples.filter((sample) => nameOf(sample) === nameOf(of) && sample.who === who);
      const cells = [
        nameOf(of),
        who,
        String(own.length),
        spread(own.map((sample) => sample.longestWriteMs)),
        spread(own.map((sample) => sample.gapMs)),
        spread(own.map((sample) => sample.rawErrorCount)),
        spread(own.map((sample) => sample.errorsAfterRetry)),
        String(own.reduce((total, sample) => total + sample.lost, 0)),
        spread(own.map((sample) => sample.movedMs)),
        spread(own.map((sample) => sample.convergedMs)),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  );
  const verdicts = cases.flatMap((of) =>
    judge(of, samples).map(
      (verdict) =>
        `| ${nameOf(of)} | ${verdict.what === 'median' || verdict.what === 'worst' ? `${figureName[of.kind]}, ${verdict.what}` : verdict.what} | ${verdict.found} | ${verdict.budget} | ${verdict.kept ? 'kept' : '**missed**'} |`,
    ),
  );
  return `# Pivot of ${result.engine} ${result.version}, ${result.date.slice(0, 10)}

200 writes/s (Poisson arrivals, seeded) by a mysql2 pool of 8 through the router, autocommit; one primary and two replicas. The floor is the
same steps by a plain script without an engine (bench/floor), on the same containers, its runs in turn with the engine's. Figures are
minimum / median / maximum; times in milliseconds. ${result.cores} cores, ${result.memoryGiB} GiB; load average before: ${result.loadBefore}.

| case | who | runs | longest write | gap between acknowledged writes | raw errors | errors after one retry | lost | until clients were moved | until all followed |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

![every run](${picture})

| case | budget for | found | budget | |
| --- | --- | --- | --- | --- |
${verdicts.join('\n')}
| all | worker, resident | ${result.residentMb.worker} MB | < 500 MB | ${result.residentMb.worker < 500 ? 'kept' : '**missed**'} |

Temporal's server was resident with ${result.residentMb.temporal} MB.

${whereTable(cases, samples)}`;
}
