import { createServer } from 'node:net';

import type { Cluster } from '../../schemas/topology';

/**
 * Published ports are named explicitly: those that the engine would choose change at every restart. Below 32768, where Linux
 * begins to take ports for outgoing connections.
 */
const first = 20_000;
const count = 10_000;

/** Every port that a cluster publishes on `address`. */
export function portsOn(cluster: Cluster, address: string): number[] {
  const members = cluster.members.map((member) => ({ host: member.address, port: member.port }));
  const routers = cluster.routers.flatMap((router) => [router.write, router.read, { host: router.address, port: router.adminPort }]);
  return [...members, ...routers].filter((endpoint) => endpoint.host === address).map((endpoint) => endpoint.port);
}

/**
 * `wanted` ports of the range, none of `taken`, beginning at a place that depends on the name, so that clusters which are made
 * at the same time do not meet.
 */
export function choosePorts(name: string, wanted: number, taken: ReadonlySet<number>): number[] {
  let start = 0;
  for (const sign of name) start = (start * 31 + sign.charCodeAt(0)) % count;
  const chosen: number[] = [];
  for (let step = 0; step < count && chosen.length < wanted; step++) {
    const port = first + ((start + step) % count);
    if (!taken.has(port)) chosen.push(port);
  }
  if (chosen.length < wanted) throw new RangeError(`no ${wanted} free ports between ${first} and ${first + count - 1}`);
  return chosen;
}

/** Whether nobody listens on this port of this machine. Right now: the answer may be old when the port is used. */
export function portIsFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The engine's words for a published port that somebody else has. */
export const isPortConflict = (message: string): boolean =>
  /port is already allocated|address already in use|ports are not available/i.test(message);
