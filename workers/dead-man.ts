import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from '@temporalio/client';
import { type NativeConnection, Runtime } from '@temporalio/worker';

const everyMs = 2_000;

/**
 * Keeps the time of the last successful contact with Temporal in `<home>/worker-alive` (ISO) and in the metric
 * `drydock_last_contact_seconds` (since 1970). When either grows old, no change of primary starts: alert on that.
 */
export class DeadMan {
  private timer?: NodeJS.Timeout;
  private readonly gauge = Runtime.instance().metricMeter.createGauge('drydock_last_contact', 'float', 's', 'Last contact with Temporal');

  constructor(
    private readonly home: string,
    private readonly connection: NativeConnection,
    private readonly namespace: string,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.beat(), everyMs);
    void this.beat();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    try {
      await this.connection.withDeadline(Date.now() + everyMs, () =>
        this.connection.workflowService.describeNamespace({ namespace: this.namespace }),
      );
      const now = new Date();
      this.gauge.set(now.getTime() / 1000);
      const file = join(this.home, 'worker-alive');
      await writeFile(`${file}.${process.pid}`, `${now.toISOString()}\n`);
      await rename(`${file}.${process.pid}`, file);
    } catch {
      // Silence is the message.
    }
  }
}

/** A client for activities over the worker's own connection. */
export function clientOver(connection: NativeConnection, namespace: string): Client {
  return new Client({ connection, namespace });
}
