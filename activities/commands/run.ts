import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { type CommandAction, filledIn } from '../../schemas/commands';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { redact } from '../redact';

/** Of what a command says only the end is kept. */
const keptBytes = 4096;
/** Between the request to end and the end. */
const graceMs = 500;
/** After the end, for what it said last. */
const lastWordsMs = 200;
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface CommandResult {
  /** Undefined when it was ended by its bound, by a cancellation or by a signal, or could not be started. */
  exitCode: number | undefined;
  /** The end of what it said, redacted, or why there is no exit code. */
  said: string;
}

/**
 * Where the programs of the user are. Whoever may start a workflow may name a command, so a worker runs only what its owner has put or
 * linked there.
 */
export const commandFolder = (env: Pick<ActivityEnvironment, 'home'>): string => join(env.home, 'commands');

/**
 * Runs a command of the user for a member: no shell, an environment of its own, and a bound. At the bound, or when it is no longer wanted,
 * it is ended with everything that it started in its process group. Never throws.
 */
export function runCommand(
  env: Pick<ActivityEnvironment, 'home'>,
  member: Member,
  action: CommandAction,
  words: string[],
  options: { boundMs: number; signal?: AbortSignal },
): Promise<CommandResult> {
  const [program = '', ...given] = filledIn(words, member, action);
  const folder = commandFolder(env);
  return new Promise((resolve) => {
    if (options.signal?.aborted) return resolve({ exitCode: undefined, said: 'it is no longer wanted' });
    if (program === '' || /[/\\]/.test(program)) return resolve({ exitCode: undefined, said: `${program} is not the name of a program` });
    const child = spawn(join(folder, program), given, {
      cwd: folder,
      // A group of its own, so that it can be ended with its children.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: searchPath,
        HOME: process.env['HOME'] ?? '/',
        LANG: 'C.UTF-8',
        DRYDOCK_ACTION: action,
        DRYDOCK_MEMBER: member.name,
        DRYDOCK_ADDRESS: member.address,
        DRYDOCK_PORT: String(member.port),
        DRYDOCK_HOST: member.host,
      },
    });
    let output = Buffer.alloc(0);
    let ended: string | undefined;
    const keep = (data: Buffer): void => {
      output = Buffer.concat([output, data]).subarray(-keptBytes);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const kill = (signal: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // The group is gone.
      }
    };
    let killing: NodeJS.Timeout | undefined;
    const end = (why: string): void => {
      ended ??= why;
      kill('SIGTERM');
      killing ??= setTimeout(() => kill('SIGKILL'), graceMs);
    };
    const bound = setTimeout(() => end(`it did not end within ${options.boundMs / 1000} s`), options.boundMs);
    const unwanted = (): void => end('it is no longer wanted');
    options.signal?.addEventListener('abort', unwanted, { once: true });
    const settle = (exitCode: number | undefined, reason = ''): void => {
      clearTimeout(bound);
      options.signal?.removeEventListener('abort', unwanted);
      // Whatever of the group outlives its end by a bound goes too; what ended by itself may leave a server behind.
      clearTimeout(killing);
      if (ended !== undefined) kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ exitCode, said: redact([reason, output.toString('utf8').trim()].filter(Boolean).join(': ')) });
    };
    child.once('error', (error) => settle(undefined, `${program} can not be run from ${folder}: ${error.message}`));
    child.once('exit', (code, signal) => {
      const finish = (): void => {
        clearTimeout(late);
        if (ended !== undefined) settle(undefined, ended);
        else if (code === null) settle(undefined, `it was ended by ${signal}`);
        else settle(code);
      };
      // Something that it started may keep its output open for ever.
      const late = setTimeout(finish, lastWordsMs);
      child.once('close', finish);
    });
  });
}

/** The first line of what a command said, for messages. */
export const firstLine = ({ exitCode, said }: CommandResult): string =>
  `${exitCode === undefined ? '' : `exit code ${exitCode}`}${said ? `${exitCode === undefined ? '' : ', '}${said.split('\n')[0]?.slice(0, 200)}` : ''}`;
