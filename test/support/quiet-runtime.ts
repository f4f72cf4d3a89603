import { Runtime } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

import { bridge } from '../../workers/log';

/** DRYDOCK_TEST_LOG=info shows what workers say. */
export const testLog: Logger = pino({ level: process.env['DRYDOCK_TEST_LOG'] ?? 'silent' });

let installed = false;

/** The SDK's runtime for tests: its messages go to `testLog`. May be called again. */
export function installQuietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: bridge(testLog),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
}
