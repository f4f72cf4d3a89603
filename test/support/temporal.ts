import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Home, openHome } from '../../platform/paths';
import { freePorts } from '../../platform/ports';
import { isAlive, until } from '../../platform/process';
import { startTemporal, type TemporalServer } from '../../platform/temporal';

/** A Temporal server of one test file: own home, own ports, real binary. It can be killed and started again on the same data. */
export class TestTemporal {
  private server?: TemporalServer;

  private constructor(
    readonly home: Home,
    private readonly ports: { port: number; uiPort: number },
  ) {}

  static async start(): Promise<TestTemporal> {
    const [port, uiPort] = await freePorts(2);
    if (port === undefined || uiPort === undefined) throw new Error('no free ports');
    const temporal = new TestTemporal(await openHome(await mkdtemp(join(tmpdir(), 'drydock-test-'))), { port, uiPort });
    await temporal.up();
    return temporal;
  }

  get address(): string {
    return `127.0.0.1:${this.ports.port}`;
  }

  async up(): Promise<void> {
    this.server = await startTemporal({ home: this.home, ports: this.ports, detached: false, say: () => undefined });
  }

  /** As a crash does it. */
  async kill(): Promise<void> {
    const pid = this.server?.pid;
    if (pid === undefined) return;
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), 5000);
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    await rm(this.home.root, { recursive: true, force: true });
  }
}
