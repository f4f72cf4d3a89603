/**
 * Workers in places of their own: each looks at a cluster from an address that no other has, so that it can be cut off from members alone.
 * A place is a container on the cluster's network, whose network the worker joins; it reaches Temporal by a plain forwarder.
 */
import { createServer, type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';

import { Connection } from '@temporalio/client';
import type Docker from 'dockerode';

import { serverImage } from '../../activities/docker/images';
import { networkName } from '../../activities/docker/network';
import { ensureWorkflowBundle } from '../../platform/bundle';
import { checkout } from '../../platform/paths';
import { endProcess, isAlive, startDaemon, tailOf } from '../../platform/process';
import { labels, observerQueue } from '../../schemas/names';
import { hostAddressFor } from './network-fault';
import type { Scenario } from './scenario';
import { type TestCluster, until } from './test-cluster';

export interface PlacedWorker {
  name: string;
  pid: number;
  /** From which it reaches members. */
  address: string;
}

export class Places {
  private readonly workers: PlacedWorker[] = [];
  private forwarder?: Server;

  constructor(
    private readonly scenario: Scenario,
    private readonly cluster: TestCluster,
  ) {}

  /** A worker that is the observer `name`, and serves these queues beside its own. Ready when it polls. */
  async start(name: string, queues: string[] = []): Promise<PlacedWorker> {
    const { platform } = this.scenario;
    const { container, address, pid: namespace } = await this.place(name);
    const bundle = await ensureWorkflowBundle();
    const log = join(platform.home.logs, `observer-${name}.log`);
    const main = [process.execPath, '--max-semi-space-size=4', '--import', 'tsx', join(checkout, 'workers', 'main.ts')];
    const { pid } = startDaemon('nsenter', ['--target', String(namespace), '--net', ...main], {
      log,
      cwd: checkout,
      detached: false,
      env: {
        ...process.env,
        DRYDOCK_HOME: platform.home.root,
        DRYDOCK_WORKFLOW_BUNDLE: bundle,
        DRYDOCK_OBSERVER: name,
        DRYDOCK_QUEUES: ['observe', ...queues].join(','),
        TEMPORAL_ADDRESS: await this.temporalFrom(container),
        TEMPORAL_NAMESPACE: 'default',
      },
    });
    const worker = { name, pid, address };
    this.workers.push(worker);
    const connection = await Connection.connect({ address: platform.address });
    try {
      await until(`the observer ${name}`, 60_000, async () => {
        if (!isAlive(pid)) throw new Error(`it ended: ${tailOf(log)}`);
        const { pollers } = await connection.workflowService.describeTaskQueue({
          namespace: 'default',
          taskQueue: { name: observerQueue(name) },
          taskQueueType: 2,
        });
        return pollers?.find(({ identity }) => identity?.startsWith(`${pid}@`)) ?? 'it does not poll yet';
      });
    } finally {
      await connection.close();
    }
    return worker;
  }

  private async place(name: string): Promise<{ container: Docker.Container; address: string; pid: number }> {
    const { engine, platform } = this.scenario;
    const container = await engine.createContainer({
      name: `${platform.instance}-place-${name}`,
      Image: serverImage(this.cluster.cluster.definition),
      Entrypoint: ['sleep'],
      Cmd: ['infinity'],
      Labels: { [labels.instance]: platform.instance, [labels.kind]: 'place' },
      StopSignal: 'SIGKILL',
      HostConfig: { NetworkMode: networkName(platform.instance, this.cluster.name) },
    });
    await container.start();
    const { NetworkSettings, State } = await container.inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
    if (!address) throw new Error(`the place ${name} has no address`);
    return { container, address, pid: State.Pid };
  }

  /** Where Temporal is reached from within the cluster's network. */
  private async temporalFrom(container: Docker.Container): Promise<string> {
    const host = await hostAddressFor(container);
    this.forwarder ??= await forwardTo(this.scenario.platform.address, host);
    return `${host}:${(this.forwarder.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const { pid } of this.workers) {
      if (!isAlive(pid)) continue;
      process.kill(pid, 'SIGCONT');
      await endProcess(pid, 1000);
    }
    this.forwarder?.close();
  }
}

function forwardTo(address: string, host: string): Promise<Server> {
  const [, to] = address.split(':');
  const server = createServer((incoming) => {
    const outgoing = connect(Number(to), '127.0.0.1');
    const end = (): void => {
      incoming.destroy();
      outgoing.destroy();
    };
    for (const socket of [incoming, outgoing]) socket.setNoDelay(true).on('error', end).on('close', end);
    incoming.pipe(outgoing).pipe(incoming);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => resolve(server));
  });
}
