import type { ClusterDefinition } from '../../schemas/cluster';
import { mostConnections, readLimit, routerLimits } from '../../schemas/connection-limits';

/** Ports inside a router's container. All above 1024: HAProxy runs without any privilege. */
export const routerPorts = { write: 3306, read: 3307, admin: 3308 } as const;

/** Where the files of a router are put in its container, before it starts. */
export const routerFiles = {
  configuration: '/etc/haproxy/haproxy.cfg',
  /** Certificate and key in one file, as HAProxy wants it. */
  server: '/etc/haproxy/admin-server.pem',
  authority: '/etc/haproxy/admin-authority.pem',
} as const;

/** Places for servers to read from: more than a cluster may have members, also while an upgrade doubles them. */
export const readSlots = 36;

/**
 * Marks of admin sessions: what a caller names as its port in the PROXY header is the server that HAProxy lists for its session.
 * So a session is told from others behind any translation of addresses.
 */
export const adminMarks = 200;

/** Proxy ids, so that the figures of one can be asked for without those of all others. */
export const proxyIds = { writePort: 101, readPort: 102, primary: 103, readers: 104 } as const;

export const readSlot = (index: number): string => `r${index + 1}`;

/** A member answers a SYN within this; with 200 ms, clients waited 100 ms on average after the router was moved, with 2 s, 1.6 s. */
const connectMs = 50;

/** So long a client's connection is tried before it is closed: longer than a pivot after a kill or a hang. */
const connectBoundMs = 4000;

/**
 * The whole configuration of one router. It starts closed: no server is enabled and the epoch is 0, also after a restart,
 * so that a router which slept through a pivot can never lead writers to the old primary. Everything that changes later
 * (epoch, primary, readers, hold) is told through the admin port and kept in HAProxy's memory only, on purpose.
 */
export function routerConfiguration(
  definition: Pick<ClusterDefinition, 'name'> & Partial<Pick<ClusterDefinition, 'connections' | 'replicas' | 'routers' | 'settings'>>,
): string {
  const limits = routerLimits(definition);
  const slots = Array.from({ length: readSlots }, (_, index) => `    server ${readSlot(index)} 0.0.0.0:3306 disabled`);
  return `# Router of cluster ${definition.name}. Written by drydock; changes are lost when the container is created again.
global
    # One thread: commands take effect in the order in which they were sent, and hold leaves no connection behind.
    nbthread 1
    maxconn ${2 * mostConnections + 100}
    no strict-limits
    log stdout format raw local0 notice
    set-var proc.epoch int(0)
    stats socket /run/haproxy/admin.sock mode 600 level admin
    stats timeout 1h
    stats maxconn 100

defaults
    mode tcp
    log global
    timeout connect 200ms
    retries 5
    option redispatch 1
    # MySQL's own wait_timeout is shorter; dead peers are found by keepalive.
    timeout client 24h
    timeout server 24h
    timeout client-fin 10s
    timeout server-fin 10s
    option clitcpka
    clitcpka-idle 15s
    clitcpka-intvl 5s
    clitcpka-cnt 3
    option srvtcpka
    srvtcpka-idle 15s
    srvtcpka-intvl 5s
    srvtcpka-cnt 3
    backlog 4096

frontend write
    id ${proxyIds.writePort}
    bind :${routerPorts.write}
    # More wait in the kernel's queue, as all do while a switch holds.
    maxconn ${limits.write}
    default_backend write

# One place only: there is never more than one primary. A client that connects while it is dead waits here and finds the next one: each try ends
# after timeout connect, and a refused one waits as long before the next, so this is what the move of a router costs on top for such clients.
backend write
    id ${proxyIds.primary}
    timeout connect ${connectMs}ms
    retries ${Math.ceil(connectBoundMs / connectMs)}
    server p 0.0.0.0:3306 disabled

frontend read
    id ${proxyIds.readPort}
    bind :${routerPorts.read}
    maxconn ${readLimit(limits, 1)}
    default_backend read

backend read
    id ${proxyIds.readers}
    balance leastconn
${slots.join('\n')}

# HAProxy ignores ssl on its own socket, hence this. All servers are that socket: which one a session has says whose it is.
listen admin
    bind :${routerPorts.admin} accept-proxy ssl crt ${routerFiles.server} ca-file ${routerFiles.authority} verify required ssl-min-ver TLSv1.3
    maxconn 100
    timeout client 1h
    timeout server 1h
    use-server s%[src_port] if TRUE
    server-template s 1-${adminMarks} unix@/run/haproxy/admin.sock
`;
}
