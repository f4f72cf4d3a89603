import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where a program is on the PATH; undefined when it is not. */
export function which(program: string): string | undefined {
  // Daemons live in sbin, which an ordinary user's PATH leaves out.
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/go/bin']) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/** Runs a program to its end and returns what it printed. Rejects with the last lines of its output when it fails. */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal));
  });
  if (code === 0) return output;
  const tail = `${output}${errors}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${program} ${args.slice(0, 6).join(' ')} failed (${String(code)}):\n${tail}`);
}

export interface DaemonOptions {
  log: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** In a session of its own, so that it outlives this process and its terminal. */
  detached: boolean;
}

/** Starts a long-running process whose output goes to a log file. */
export function startDaemon(program: string, args: string[], options: DaemonOptions): ChildProcess & { pid: number } {
  const log = openSync(options.log, 'a', 0o600);
  try {
    const child = spawn(program, args, { env: options.env, cwd: options.cwd, detached: options.detached, stdio: ['ignore', log, log] });
    // Without a listener a missing program would end this process; callers see it as a process that never became ready.
    child.on('error', () => undefined);
    if (child.pid === undefined) throw new Error(`${program} could not be started`);
    if (options.detached) child.unref();
    return child as ChildProcess & { pid: number };
  } finally {
    closeSync(log);
  }
}

/** When a process was started, in clock ticks since boot: a process id alone may have been given to another process meanwhile. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || startTime(pid) !== undefined;
}

/** Ends a process by SIGTERM, and by SIGKILL when it is still there after `graceMs`. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  if (await until(() => !isAlive(pid), graceMs)) return;
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 5000);
}

/** Waits until `condition` holds; false when it did not within `timeoutMs`. A condition that throws does not hold yet. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number, everyMs = 50): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      if (await condition()) return true;
    } catch {
      // Not yet.
    }
    if (performance.now() >= end) return false;
    await sleep(everyMs);
  }
}

export const tailOf = (file: string, lines = 15): string => {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
};
