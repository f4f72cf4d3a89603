import { setTimeout as sleep } from 'node:timers/promises';

import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';

import { createActivities } from '../activities';
import { openHome } from '../platform/paths';
import { clientOver, DeadMan } from './dead-man';
import { deploymentOf, makeCurrent } from './deployment';
import { createEnvironment } from './environment';
import { hostsOf } from './hosts';
import type { WorkerOptions } from './options';
import { registerSearchAttributes } from './search-attributes';
import { Knowledge } from './topology/knowledge';
import { RouterMetrics } from './topology/metrics';
import { TopologyServer } from './topology/server';
import type { Tracing } from './tracing';
import { createWorkers, type WorkerGroup } from './workers';
import { workflowCode } from './workflow-code';

/** Waits between attempts to reach Temporal, in milliseconds: soon at first, never given up. */
const waits = [100, 200, 500, 1000, 2000];

/** The life of a worker process: it connects, works, and connects again for ever when Temporal was away. */
export class WorkerProcess {
  stopping = false;
  private readonly stopped = new AbortController();
  private workers?: WorkerGroup;
  /** What it serves outlives a connection: without Temporal it is what was known last. */
  private readonly knowledge: Knowledge;
  private readonly metrics: RouterMetrics;

  constructor(
    private readonly options: WorkerOptions,
    private readonly log: Logger,
    private readonly tracing: Tracing | undefined,
  ) {
    this.knowledge = new Knowledge(log);
    this.metrics = new RouterMetrics(() => this.knowledge.states());
  }

  /** Resolves when all work has ended after `stop`. */
  async run(): Promise<void> {
    const home = await openHome(this.options.home);
    // One that can not be read ends the process here, with every problem: to work on half of the hosts would be worse.
    await hostsOf(home, this.log);
    const workflows = await workflowCode(this.options.workflowBundle);
    const { topologyAddress } = this.options;
    const server = topologyAddress && new TopologyServer(topologyAddress, this.knowledge, this.log, () => this.metrics.text());
    server?.start();
    try {
      await this.sessions(home, workflows);
    } finally {
      server?.stop();
    }
  }

  private async sessions(home: Awaited<ReturnType<typeof openHome>>, workflows: Awaited<ReturnType<typeof workflowCode>>): Promise<void> {
    for (let failures = 0; !this.stopping; failures++) {
      try {
        await this.session(home, workflows, () => (failures = 0));
      } catch (error) {
        if (this.stopping) break;
        const inMs = waits[Math.min(failures, waits.length - 1)] ?? 2000;
        this.log.warn({ error: error instanceof Error ? error.message : String(error), inMs }, 'Temporal is away; tries again');
        await sleep(inMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
      }
    }
  }

  stop(): void {
    this.stopping = true;
    this.stopped.abort();
    void this.workers?.stop();
  }

  private async session(
    home: Awaited<ReturnType<typeof openHome>>,
    workflows: Awaited<ReturnType<typeof workflowCode>>,
    connected: () => void,
  ): Promise<void> {
    const { namespace, queues, observer } = this.options;
    const connection = await NativeConnection.connect(this.options.connection);
    const deadMan = new DeadMan(home.root, connection, namespace);
    const ended = new AbortController();
    try {
      await registerSearchAttributes(connection, namespace, this.log);
      const environment = await createEnvironment(home, clientOver(connection, namespace), this.log, observer);
      const deployment = this.options.versioning ? await deploymentOf(this.options.workflowBundle) : undefined;
      const activities = createActivities(environment);
      this.workers = await createWorkers({
        connection,
        namespace,
        queues,
        observer,
        activities,
        workflows,
        deployment,
        tracing: this.tracing,
      });
      if (this.stopping) return;
      connected();
      deadMan.start();
      this.metrics.attach(environment);
      if (this.options.topologyAddress) this.knowledge.attach(environment.client);
      const running = this.workers.run();
      this.log.info({ namespace, queues, observer, instance: environment.instance }, 'works');
      if (deployment) void makeCurrent(connection, namespace, deployment.version.buildId, this.log, ended.signal);
      await running;
    } finally {
      ended.abort();
      deadMan.stop();
      this.knowledge.detach();
      this.workers = undefined;
      await connection.close().catch(() => undefined);
    }
  }
}
