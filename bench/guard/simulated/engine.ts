import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { labelsOf } from '../../../activities/docker/labels';
import { labels } from '../../../schemas/names';
import type { SimulatedCluster } from './cluster';

/**
 * The few calls of Docker's API that a guard makes, on a unix socket: what exists of a cluster, the state of one container, events. Whatever
 * would change a container is refused.
 */
export class SimulatedEngine {
  private readonly listeners = new Set<ServerResponse>();
  private readonly server: Server;
  private readonly byTarget: Map<string, SimulatedCluster>;
  private readonly byContainer = new Map<string, { cluster: SimulatedCluster; member?: string }>();

  constructor(
    clusters: SimulatedCluster[],
    private readonly instance: string,
  ) {
    this.byTarget = new Map(clusters.map((cluster) => [`cluster/${cluster.name}`, cluster]));
    for (const cluster of clusters) {
      for (const { container, name } of cluster.cluster.members) this.byContainer.set(container, { cluster, member: name });
      for (const { container } of cluster.cluster.routers) this.byContainer.set(container, { cluster });
    }
    this.server = createServer((request, response) => this.answer(request, response));
  }

  listen(socket: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(socket, () => resolve());
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Tells whoever listens that a member's container died. */
  died(cluster: SimulatedCluster, member: string): void {
    const event = { Action: 'die', Actor: { Attributes: { [labels.target]: `cluster/${cluster.name}`, [labels.name]: member } } };
    for (const listener of this.listeners) listener.write(`${JSON.stringify(event)}\n`);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://engine');
    const path = url.pathname.replace(/^\/v[\d.]+/, '');
    if (path === '/events') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      this.listeners.add(response);
      response.on('close', () => this.listeners.delete(response));
      return;
    }
    const [status, body] = request.method === 'GET' ? this.look(path, url.searchParams.get('filters') ?? '{}') : [409, refusal];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private look(path: string, filters: string): [number, unknown] {
    const wanted = (JSON.parse(filters) as { label?: string[] }).label ?? [];
    const target = wanted.find((label) => label.startsWith(`${labels.target}=`))?.slice(labels.target.length + 1);
    const cluster = this.byTarget.get(target ?? '');
    if (path === '/networks') return [200, cluster ? [this.network(cluster)] : []];
    if (path === '/containers/json') return [200, cluster ? this.containers(cluster) : []];
    // None of these clusters was changed since it was made.
    if (path === '/volumes') return [200, { Volumes: [] }];
    const container = /^\/containers\/([^/]+)\/json$/.exec(path)?.[1];
    const found = this.byContainer.get(container ?? '');
    if (!found) return [404, { message: 'no such object in this simulation' }];
    const running = found.member === undefined || found.cluster.healthOf(found.member) !== 'killed';
    return [200, { Id: container, State: { Running: running, Paused: false, Restarting: false } }];
  }

  private network({ cluster, name }: SimulatedCluster): unknown {
    return { Id: name, Created: '', Labels: labelsOf(this.instance, 'bench', name, 'network', name, cluster) };
  }

  private containers({ cluster, name }: SimulatedCluster): unknown[] {
    const label = <Kind extends 'member' | 'router'>(kind: Kind, spec: Parameters<typeof labelsOf<Kind>>[5]): unknown => ({
      Id: spec.container,
      Mounts: [],
      Labels: labelsOf(this.instance, 'bench', name, kind, spec.name, spec),
    });
    return [...cluster.members.map((member) => label('member', member)), ...cluster.routers.map((router) => label('router', router))];
  }
}

const refusal = { message: 'a simulated engine changes nothing' };
