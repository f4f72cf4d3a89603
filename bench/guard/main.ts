import { mkdir } from 'node:fs/promises';
import { loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

import { Installation } from './installation';
import { measure } from './measure';
import { parseOptions, usage } from './options';
import { type GuardResult, judge, writeResult } from './result';
import { cores } from './usage';

/** The bench of the guard; see `usage`. */
export async function main(argv: string[]): Promise<void> {
  const options = parseOptions(argv, join(__dirname, '..', 'results'));
  if (options === 'help') return void process.stdout.write(usage);
  // At once: nobody wants to hear after all runs that their result can't be written.
  await mkdir(options.out, { recursive: true });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const head = {
    date: new Date().toISOString(),
    clusters: options.clusters,
    cores,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
  const installation = await Installation.start(options, say);
  process.once('SIGINT', () => void installation.stop().finally(() => process.exit(130)));
  try {
    const result: GuardResult = { ...head, ...(await measure(installation, options, say)) };
    const table = await writeResult(options.out, result, options.label);
    for (const { what, found, budget, kept } of judge(result)) say(`${kept ? 'kept  ' : 'MISSED'} ${what}: ${found} (budget ${budget})`);
    for (const [name, { cpuPercent, mostResidentMb }] of Object.entries(result.usages))
      say(`${name}: ${cpuPercent} % of a core, ${mostResidentMb} MB`);
    say(`of one guard: ${JSON.stringify(result.perGuard)}; the table is ${table}`);
  } finally {
    await installation.stop();
  }
}

if (require.main === module)
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
