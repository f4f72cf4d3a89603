import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

import type { AdminCertificates } from '../../../activities/router/certificates';
import { proxyIds } from '../../../activities/router/configuration';
import { readLimit, routerLimits } from '../../../schemas/connection-limits';
import type { SimulatedCluster } from './cluster';

/** Views of all simulated routers, and the handshakes that they took. */
export const routerCounts = { handshakes: 0, commands: 0 };

/** The admin port of a HAProxy that is where its cluster wants it: the PROXY line, TLS with both certificates, a prompt. Answers its port. */
export function startRouter(cluster: () => SimulatedCluster, certificates: AdminCertificates): Promise<number> {
  const secureContext = createSecureContext({
    ca: certificates.authority,
    cert: certificates.server,
    key: certificates.serverKey,
    minVersion: 'TLSv1.3',
    sessionIdContext: 'simulated',
  });
  const server = createServer((raw) => {
    raw.on('error', () => undefined);
    raw.once('data', (first: Buffer) => {
      const end = first.indexOf('\r\n') + 2;
      raw.pause();
      if (end < first.length) raw.unshift(first.subarray(end));
      const socket = new TLSSocket(raw, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: true });
      socket.on('error', () => undefined);
      socket.on('secure', () => (routerCounts.handshakes += 1));
      converse(socket, cluster);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

function converse(socket: Socket, cluster: () => SimulatedCluster): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const commands = text.slice(0, end).split(';');
      text = text.slice(end + 1);
      routerCounts.commands += commands.length;
      socket.write(commands.map((command) => `${answerTo(command.trim(), cluster())}\n> `).join(''));
    }
  });
}

const header = '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port\n';

function answerTo(command: string, { cluster, primary }: SimulatedCluster): string {
  const slot = (backend: string, name: string, at: { address: string; port: number }): string =>
    `3 ${backend} 1 ${name} ${at.address} 2 0 ${at.port}\n`;
  if (command === 'get var proc.epoch') return 'proc.epoch: type=sint value=<1>\n';
  if (command === 'show servers state write') return header + slot('write', 'p', primary);
  if (command === 'show servers state read')
    return (
      header +
      cluster.members
        .filter((member) => member !== primary)
        .map((member, index) => slot('read', `r${index + 1}`, member))
        .join('')
    );
  const limits = routerLimits(cluster.definition, cluster.routers.length);
  if (command.startsWith(`show stat ${proxyIds.writePort} `)) return `# pxname,svname,scur,slim\nwrite,FRONTEND,0,${limits.write}\n`;
  if (command.startsWith('show stat '))
    return `# pxname,svname,scur,slim\nread,FRONTEND,0,${readLimit(limits, cluster.members.length - 1)}\n`;
  return '';
}
