import type { Agent } from 'node:http';
import { userInfo } from 'node:os';

import Docker from 'dockerode';

import type { KnownHost } from './read';
import { SshAgent } from './ssh-agent';
import { TlsAgent } from './tls-agent';

/** dockerode adds what DOCKER_HOST and its companions say to whatever it is not told. */
const nothingElse = {
  host: undefined,
  port: undefined,
  socketPath: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  protocol: 'http',
  username: undefined,
} as const;

/** The engine of a host. Makes no connection. */
export function engineOf({ entry, credentials }: Pick<KnownHost, 'entry' | 'credentials'>): Docker {
  if (entry.engine.startsWith('unix://')) return new Docker({ ...nothingElse, socketPath: entry.engine.slice('unix://'.length) });
  const url = new URL(entry.engine);
  const at = { ...nothingElse, host: url.hostname, port: url.port };
  if (url.protocol === 'tcp:') {
    const { tls } = credentials;
    return tls ? withAgent({ ...at, ...tls, protocol: 'https' }, new TlsAgent()) : new Docker(at);
  }
  const target = {
    host: url.hostname,
    port: Number(url.port || 22),
    username: decodeURIComponent(url.username) || userInfo().username,
    hostKey: entry.ssh?.hostKey ?? '',
    privateKey: credentials.sshKey,
  };
  return withAgent(at, new SshAgent(target));
}

/** An option that dockerode has and its types do not. */
const withAgent = (options: Docker.DockerOptions, agent: Agent): Docker => new Docker(Object.assign(options, { agent }));
