/** A worker process: `tsx workers/main.ts`. Its environment is described in workers/options.ts. */
import 'reflect-metadata';

import { createLog } from './log';
import { readOptions } from './options';
import { WorkerProcess } from './process';
import { installRuntime } from './runtime';
import { startTracing } from './tracing';

async function main(): Promise<void> {
  const options = readOptions();
  const log = createLog(options.logLevel);
  installRuntime(log, options.metricsAddress);
  const tracing = startTracing(log);
  const worker = new WorkerProcess(options, log, tracing);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      // The first one lets work end; a second one does not wait. Work that is cut short is taken up by another worker.
      if (worker.stopping) process.exit(1);
      log.info({ signal }, 'ends: no new work is taken, what has begun is finished');
      worker.stop();
    });
  await worker.run();
  await tracing?.end();
  log.info('ended');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
