import { userInfo } from 'node:os';

import type { DrydockClient } from '../client/contract';
import { connectTo, findTarget } from './connection';
import type { CliContext } from './context';
import { lazy } from './lazy';
import { processTerminal } from './terminal';

/** The context of a real run, and its end. */
export function processContext(interrupt: AbortSignal): CliContext & { close(): Promise<void> } {
  let connected: Promise<DrydockClient> | undefined;
  let tried = 'its address';
  const connect = async (): Promise<DrydockClient> => {
    const target = await findTarget(process.env);
    tried = target.shown;
    return connectTo(target);
  };
  return {
    terminal: processTerminal(),
    connect: () => (connected ??= connect()),
    address: () => tried,
    platform: {
      up: (options) => lazy.up().up(options),
      down: (options) => lazy.down().down(options),
      doctor: () => lazy.doctor().doctor(),
      hosts: ({ inventory }) => lazy.hosts().hostReports({ file: inventory }),
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
