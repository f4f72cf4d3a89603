import { createHash } from 'node:crypto';
import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';

import { Client, type ClientChannel } from 'ssh2';

export interface SshTarget {
  host: string;
  port: number;
  username: string;
  /** `SHA256:...` of the key by which the host proves itself. */
  hostKey: string;
  privateKey?: string;
}

const connectMs = 3000;
const aliveEveryMs = 2000;
const missedAtMost = 3;
/** Servers begin to refuse connections that are not authenticated yet at ten. */
const atOnce = 6;

/** As `ssh-keygen -lf` prints it. */
export const fingerprintOf = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

type Callback = (error: Error | null, stream: Duplex) => void;

/**
 * Connections to an engine through `docker system dial-stdio` on its host: a login for each, which costs 0.1 to 0.3 s. Not dockerode's own
 * way, which trusts any host key, and throws into nowhere when the command can not be run.
 */
export class SshAgent extends Agent {
  constructor(private readonly target: SshTarget) {
    super({ keepAlive: false, maxSockets: atOnce });
  }

  /** See TlsAgent; and nobody should read the key. */
  [inspect.custom](): string {
    return 'SshAgent';
  }

  override createConnection(_options: ClientRequestArgs, callback?: Callback): undefined {
    const { host, port, username, privateKey, hostKey } = this.target;
    const client = new Client();
    let channel: Duplex | undefined;
    let told = false;
    const tell: Callback = (error, stream) => {
      if (!told) callback?.(error, stream);
      told = true;
    };
    const fail = (error: Error): void => {
      tell(error, undefined as never);
      channel?.destroy(error);
      client.end();
    };
    client.on('error', fail);
    client.on('close', () => fail(new Error('the SSH connection was closed')));
    client.on('ready', () =>
      client.exec('docker system dial-stdio', (error, opened) => {
        if (error) return fail(error);
        channel = opened;
        // Whoever uses it listens only for as long; an error that nobody hears would end the process.
        opened.on('error', () => undefined);
        endWithWords(opened, client);
        tell(null, opened);
      }),
    );
    client.connect({
      host,
      port,
      username,
      ...(privateKey === undefined ? { agent: process.env['SSH_AUTH_SOCK'] } : { privateKey }),
      hostVerifier: (key: Buffer) => fingerprintOf(key) === hostKey,
      readyTimeout: connectMs,
      keepaliveInterval: aliveEveryMs,
      keepaliveCountMax: missedAtMost,
    });
    return undefined;
  }
}

/** The command tells on its standard error why it could not reach the engine. */
function endWithWords(channel: ClientChannel, client: Client): void {
  let words = '';
  channel.stderr.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString('utf8')}`.slice(-500)));
  channel.on('exit', (code: number | null) => {
    if (code !== 0) (channel as Duplex).destroy(new Error(`docker system dial-stdio ended with ${code ?? 'a signal'}: ${words.trim()}`));
  });
  channel.on('close', () => client.end());
}
