import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Context } from '@temporalio/activity';

import type { Member, Router } from '../../schemas/topology';
import type { Host } from '../environment';
import { failure } from '../failure';
import { redact } from '../redact';
import { ask } from './engine';
import { inspectContainer } from './container';

/** The first byte of a MySQL handshake: protocol version 10. An error packet (0xff) comes from a server that is not ready for us. */
const handshake = 10;
const packetHeader = 4;

/** Whether a MySQL or MariaDB server greets at this address. */
export function greets(address: string, port: number, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once('error', () => end(false)).once('close', () => end(false));
    socket.once('data', (data) => end(data.length > packetHeader && data[packetHeader] === handshake));
  });
}

function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 500 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

/** The last lines that a container wrote, without secrets. */
export async function lastWords(host: Host, container: string, lines = 15): Promise<string> {
  const raw = await ask(host, () => host.engine.getContainer(container).logs({ stdout: true, stderr: true, tail: lines }));
  const bytes = Buffer.from(raw as unknown as Uint8Array);
  const parts: string[] = [];
  // The engine frames each piece with a stream number and a length.
  for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUInt32BE(at + 4))
    parts.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at + 4)).toString('utf8'));
  return redact(parts.join('').trim());
}

/** Waits until `ready` says so. Heartbeats. Throws `code` when the container ended (for good) or the bound passed. */
async function waitFor(
  host: Host,
  container: string,
  what: string,
  code: 'MemberUnreachable' | 'RouterUnreachable',
  boundMs: number,
  ready: () => Promise<boolean>,
): Promise<void> {
  const context = Context.current();
  const deadline = Date.now() + boundMs;
  for (let round = 1; ; round++) {
    if (await ready()) return;
    context.cancellationSignal.throwIfAborted();
    context.heartbeat();
    // Asking the engine costs more than knocking at the port.
    if (round % 10 === 0) {
      const found = await inspectContainer(host, container);
      if (!found?.State.Running && !found?.State.Restarting) {
        const words = found ? await lastWords(host, container) : 'it was removed';
        throw failure(code, `${what}: container ${container} ended (exit code ${found?.State.ExitCode ?? 'unknown'}): ${words}`, [], false);
      }
    }
    if (Date.now() > deadline) throw failure(code, `${what}: not ready within ${boundMs / 1000} s`);
    await sleep(100, undefined, { signal: context.cancellationSignal });
  }
}

/** Waits until a member's server greets. Throws MemberUnreachable. */
export const waitForServer = (host: Host, member: Member): Promise<void> =>
  waitFor(host, member.container, `the server of ${member.name}`, 'MemberUnreachable', 240_000, () => greets(member.address, member.port));

/** Waits until something listens at a router's admin port. Throws RouterUnreachable. */
export const waitForRouter = (host: Host, router: Router): Promise<void> =>
  waitFor(host, router.container, `router ${router.name}`, 'RouterUnreachable', 20_000, () => listens(router.address, router.adminPort));
