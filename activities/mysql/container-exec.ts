import { PassThrough } from 'node:stream';

import { Context } from '@temporalio/activity';

import type { Member } from '../../schemas/topology';
import { ask, hostOf } from '../docker/engine';
import { type ContainerFile, tarOf } from '../docker/tar';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { redact } from '../redact';

export interface Finished {
  exitCode: number;
  output: string;
  /** The end of what it complained of. */
  complaint: string;
}

const kept = 64 * 1024;

/** Where scripts put what belongs to one run; not in the volume. */
export const runFolder = '/run/drydock';

/**
 * Runs a bash script as root inside a member's container, with heartbeats. A script that is no longer wanted is ended: it runs
 * in a session of its own, whose process group is killed. Secrets come by files, never by the script or its environment.
 */
export async function runInContainer(env: ActivityEnvironment, member: Member, name: string, script: string): Promise<Finished> {
  const host = hostOf(env, member.host);
  const context = Context.current();
  const pidFile = `${runFolder}/${name}.pid`;
  await endEarlier(host, member, pidFile);
  const wrapped = `mkdir -p ${runFolder} && chmod 700 ${runFolder} && echo $$ > ${pidFile} && set -o pipefail\n${script}`;
  const running = execute(host, member, ['setsid', '--wait', 'bash', '-c', wrapped]);
  const beat = setInterval(() => context.heartbeat(), 2000);
  let cancelled: (() => void) | undefined;
  try {
    const stop = new Promise<never>((_resolve, reject) => {
      cancelled = () =>
        reject(context.cancellationSignal.reason instanceof Error ? context.cancellationSignal.reason : new Error('cancelled'));
      context.cancellationSignal.addEventListener('abort', cancelled, { once: true });
    });
    return await Promise.race([running, stop]);
  } catch (error) {
    await endEarlier(host, member, pidFile).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(beat);
    if (cancelled) context.cancellationSignal.removeEventListener('abort', cancelled);
  }
}

/** As `runInContainer`, and throws when the script fails. */
export async function mustRun(env: ActivityEnvironment, member: Member, name: string, script: string): Promise<string> {
  const { exitCode, output, complaint } = await runInContainer(env, member, name, script);
  if (exitCode !== 0) throw failure('Internal', `${name} on ${member.name} ended with ${exitCode}: ${complaint || output}`, [], true);
  return output;
}

/** An attempt before this one may have left its script running. */
async function endEarlier(host: Host, member: Member, pidFile: string): Promise<void> {
  await execute(host, member, ['bash', '-c', `[ -f ${pidFile} ] && kill -9 -- -$(cat ${pidFile}) 2>/dev/null; rm -f ${pidFile}`]);
}

async function execute(host: Host, member: Member, command: string[]): Promise<Finished> {
  const container = host.engine.getContainer(member.container);
  const exec = await ask(host, () => container.exec({ Cmd: command, User: 'root', AttachStdout: true, AttachStderr: true }));
  const stream = await ask(host, () => exec.start({ hijack: true, stdin: false }));
  const output = new Tail();
  const complaint = new Tail();
  const modem = container.modem as {
    demuxStream(from: NodeJS.ReadableStream, out: NodeJS.WritableStream, err: NodeJS.WritableStream): void;
  };
  modem.demuxStream(stream, output.sink, complaint.sink);
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve).once('close', resolve).once('error', reject);
  });
  const { ExitCode } = await ask(host, () => exec.inspect());
  return { exitCode: ExitCode ?? -1, output: redact(output.text()), complaint: redact(complaint.text().trim()) };
}

class Tail {
  readonly sink = new PassThrough();
  private bytes = Buffer.alloc(0);

  constructor() {
    this.sink.on('data', (data: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, data]).subarray(-kept);
    });
  }

  text(): string {
    return this.bytes.toString('utf8');
  }
}

/** Puts files of mode 0600 into the container's own file system, for as long as `work` lasts. */
export async function withFiles<Result>(
  env: ActivityEnvironment,
  member: Member,
  files: Omit<ContainerFile, 'mode'>[],
  work: () => Promise<Result>,
): Promise<Result> {
  const host = hostOf(env, member.host);
  const container = host.engine.getContainer(member.container);
  await ask(host, () => container.putArchive(tarOf(files.map((file) => ({ ...file, mode: 0o600 }))), { path: '/' }));
  try {
    return await work();
  } finally {
    await execute(host, member, ['rm', '-f', ...files.map(({ path }) => path)]).catch(() => undefined);
  }
}
