/**
 * How many connections routers lead to a member, so that a server never has to answer `Too many connections`. Pure, and without zod: routers,
 * the guard and the checks of a cluster's file ask here.
 */
import type { Problem } from './error-codes';

/** What of a cluster's definition it takes. */
interface Limited {
  connections?: { write?: number; read?: number };
  replicas?: number;
  routers?: number;
  settings?: Record<string, string>;
}

/** What every version takes when nothing else is set. */
const defaultMaxConnections = 151;

/**
 * Connections that a router takes on a port at the most. Two file descriptors each: within the 20,000 that engines give a container by
 * default on small machines.
 */
export const mostConnections = 4000;

/** Of one member: `max_connections` of the cluster's settings. */
export const maxConnectionsOf = ({ settings = {} }: Limited): number =>
  Number(settings['max_connections'] ?? settings['max-connections'] ?? defaultMaxConnections);

/**
 * Kept free on each member: for guards (three on a primary, twice that when another worker takes the watch over, and for observers elsewhere), for operations
 * (a switch, a copy, a comparison), for people, and for servers of connections that have just been closed. Each replica takes one for its stream.
 */
export const reservedConnections = ({ replicas = 2 }: Limited): number => 20 + replicas;

export interface ConnectionLimits {
  /** Of one router, on the write port. */
  write: number;
  /** Of one router, on the read port, for each member that is read from. */
  read: number;
}

/**
 * Every member must be able to take what both ports lead to it: the primary is read from when nobody else is fit, and a replica that is promoted
 * has its readers still. What is not given is the rest, or half of all.
 */
export function clusterLimits(definition: Limited): ConnectionLimits {
  const { connections = {} } = definition;
  const all = Math.max(2, maxConnectionsOf(definition) - reservedConnections(definition));
  const write = connections.write ?? (connections.read === undefined ? Math.ceil(all / 2) : Math.max(1, all - connections.read));
  return { write, read: connections.read ?? Math.max(1, all - write) };
}

/** Its part of it: routers know nothing of each other, so that each has its own. */
export function routerLimits(definition: Limited, routers = definition.routers ?? 1): ConnectionLimits {
  const { write, read } = clusterLimits(definition);
  const part = (limit: number): number => Math.min(mostConnections, Math.max(1, Math.floor(limit / Math.max(1, routers))));
  return { write: part(write), read: part(read) };
}

/** Of one router's read port: connections go to whichever member has the fewest, so none gets more than its part. */
export const readLimit = ({ read }: Pick<ConnectionLimits, 'read'>, readers: number): number =>
  Math.min(mostConnections, read * Math.max(1, readers));

/** Limits that a server can't keep. Those that were not given always fit, unless a server takes next to nothing. */
export function limitProblems(definition: Limited): Problem[] {
  if (definition.connections === undefined) return [];
  // Each router lets in one at least.
  const { routers = 1 } = definition;
  const limits = clusterLimits(definition);
  const [write, read] = [Math.max(limits.write, routers), Math.max(limits.read, routers)];
  const [most, kept] = [maxConnectionsOf(definition), reservedConnections(definition)];
  if (write + read <= most - kept) return [];
  return [
    {
      path: 'connections',
      message:
        `${write} to write and ${read} to read are ${write + read} at one member, which takes ${most} (max_connections), ${kept} of them kept free for ` +
        `drydock: give less, or raise settings.max_connections to ${write + read + kept}`,
    },
  ];
}
