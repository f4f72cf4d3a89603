import { setTimeout as sleep } from 'node:timers/promises';

import { run } from './run';

import { processContext } from './process-context';

/** The process's side of the command line: streams, Ctrl-C, exit code. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  const interrupt = new AbortController();
  process.on('SIGINT', () => {
    // A second Ctrl-C leaves at once.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  });
  // A reader that closes early (`drydock op list | head -1`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const context = processContext(interrupt.signal);
  const code = await run(argv, context);
  // A connection that is still being tried is not waited for.
  await Promise.race([context.close(), sleep(500, undefined, { ref: false })]);
  // The connection's timers may keep the process for seconds; all output is written by then.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

void main();
