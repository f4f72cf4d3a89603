import { userInfo } from 'node:os';

import type { DrydockClient } from '../client/contract';
import type { CliContext } from './context';
import { lazy } from './lazy';
import { processTerminal } from './terminal';

/** The context of a real run, and its end. */
export function processContext(interrupt: AbortSignal): CliContext & { close(): Promise<void> } {
  let connected: Promise<DrydockClient> | undefined;
  return {
    terminal: processTerminal(),
    connect: () => (connected ??= lazy.client().connectDrydock()),
    address: () => process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233',
    platform: {
      up: () => Promise.reject(new Error('not yet')),
      down: () => Promise.reject(new Error('not yet')),
      doctor: () => Promise.reject(new Error('not yet')),
    },
    exitCode: 0,
    interrupt,
    now: () => new Date(),
    person: personName(),
    program: 'npx drydock',
    async close() {
      const client = await connected?.catch(() => undefined);
      await client?.close().catch(() => undefined);
    },
  };
}

function personName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
