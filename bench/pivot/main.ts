import { mkdir } from 'node:fs/promises';
import { availableParallelism, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

import { Scenario } from '../../test/support/scenario';
import type { TestCluster } from '../../test/support/test-cluster';
import { figureName, figureOf, nameOf, type Sample } from './cases';
import { Collector } from './collector';
import { measure } from './measure';
import { type BenchOptions, parseOptions, usage } from './options';
import { residentMb } from './resident';
import { type BenchResult, casesOf, writeResult } from './result';
import { judge } from './statistics';
import { whereTable } from './where';

/** The bench of the pivot; see `usage`. */
export async function main(argv: string[]): Promise<void> {
  const options = parseOptions(argv, join(__dirname, '..', 'results'));
  if (options === 'help') return void process.stdout.write(usage);
  // At once: nobody wants to hear after all runs that their result can't be written.
  await mkdir(options.out, { recursive: true });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const head = {
    date: new Date().toISOString(),
    engine: options.engine,
    version: options.version,
    runs: options.runs,
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
  const images = [`drydock/${options.engine}:${options.version}`, 'drydock/haproxy:3.0'];
  const collector = await Collector.start();
  const scenario = await Scenario.start({ images, say, env: collector.env });
  process.once('SIGINT', () => void scenario.stop().finally(() => process.exit(130)));
  try {
    const samples = await runAll(scenario, collector, options, say);
    const [worker] = scenario.platform.workers;
    const resident = { worker: await residentMb(worker?.pid ?? 0), temporal: await residentMb(scenario.platform.temporal.pid) };
    const result: BenchResult = { ...head, samples, residentMb: resident };
    const table = await writeResult(options.out, result);
    for (const of of casesOf(samples))
      for (const { what, found, budget, kept } of judge(of, samples))
        say(`${kept ? 'kept  ' : 'MISSED'} ${nameOf(of)}: ${what}: ${found} (budget ${budget})`);
    say(whereTable(casesOf(samples), samples));
    say(`worker ${resident.worker} MB, Temporal ${resident.temporal} MB resident; the table is ${table}`);
  } finally {
    await scenario.stop();
    collector.stop();
  }
}

/** One cluster per durability; floor and engine take turns, so that whatever else the machine does hits both. */
async function runAll(scenario: Scenario, collector: Collector, options: BenchOptions, say: (text: string) => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const durability of options.durabilities) {
    const { engine, version } = options;
    const cluster: TestCluster = await scenario.createCluster({ name: `bench-${durability}`, engine, version, durability });
    for (let run = 1; run <= options.runs; run++)
      for (const kind of options.kinds)
        for (const who of run % 2 === 1 ? (['floor', 'engine'] as const) : (['engine', 'floor'] as const)) {
          const sample = await measure(scenario, collector, cluster, { kind, durability, who, run });
          samples.push(sample);
          say(describe(sample));
        }
    await scenario.deleteCluster(cluster);
  }
  return samples;
}

function describe(sample: Sample): string {
  const errors = Object.entries(sample.rawErrors).map(([error, count]) => `${count} × ${error}`);
  return [
    `${nameOf(sample)}, ${sample.who}, run ${sample.run}: ${sample.from} → ${sample.to}`,
    `${figureName[sample.kind]} ${figureOf(sample)} ms`,
    `moved ${sample.movedMs} ms`,
    `over ${sample.convergedMs} ms`,
    `errors ${errors.join(', ') || 'none'} (after a retry ${sample.errorsAfterRetry})`,
    `lost ${sample.lost}`,
  ].join('; ');
}

if (require.main === module)
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
