import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Docker from 'dockerode';

import { canInstall, installPackages } from './apt';
import { messageOf, PlatformError, type Say } from './errors';
import { withLock } from './lock';
import { cacheFolder } from './paths';
import { run, startDaemon, tailOf, until, which } from './process';

const ways =
  'Ways to get an engine: `apt-get install docker.io iptables` and start dockerd; any other Docker Engine 20.10 or later; or set DOCKER_HOST to one that runs elsewhere.';

/** The engine that DOCKER_HOST names, else the one at /var/run/docker.sock. */
export const localEngine = (): Docker => new Docker();

/** Undefined when the engine answers, else why it does not. */
export async function engineProblem(engine: Docker): Promise<string | undefined> {
  try {
    const answer = await Promise.race<unknown>([engine.ping(), sleep(3000, undefined, { ref: false })]);
    return answer === undefined ? 'no answer within 3 s' : undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A Docker engine that answers: the one that is there, else installed and started (root on Debian or Ubuntu). May be run again at any time. */
export async function ensureEngine(say: Say): Promise<Docker> {
  const engine = localEngine();
  const problem = await engineProblem(engine);
  if (problem === undefined) return engine;
  if (process.env['DOCKER_HOST'])
    throw new PlatformError(
      'EngineUnavailable',
      `the engine that DOCKER_HOST names (${process.env['DOCKER_HOST']}) does not answer: ${problem}`,
    );
  if (problem.includes('EACCES'))
    throw new PlatformError(
      'EngineUnavailable',
      `this user may not use the engine at /var/run/docker.sock: ${problem}. Add the user to group docker, or run as root.`,
    );
  if (!(await canInstall())) throw new PlatformError('EngineUnavailable', `no Docker engine answers (${problem}). ${ways}`);
  await withLock('engine', async () => {
    if ((await engineProblem(engine)) === undefined) return;
    if (!which('dockerd') || !which('iptables')) await installPackages(['docker.io', 'iptables'], say, ways);
    await start(engine, say);
  });
  return engine;
}

async function start(engine: Docker, say: Say): Promise<void> {
  say('starting the Docker engine');
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['start', 'docker']);
    if (await until(async () => (await engineProblem(engine)) === undefined, 30_000, 200)) return;
    throw new PlatformError(
      'EngineUnavailable',
      'systemctl start docker succeeded but the engine does not answer; see journalctl -u docker',
    );
  }
  // dockerd refuses to start when a file names a process that lives, even one that merely got the same number after a restart.
  await removeStale('/var/run/docker.pid', 'dockerd');
  await removeStale('/var/run/docker/containerd/containerd.pid', 'containerd');
  const log = join(await cacheFolder(), 'dockerd.log');
  const daemon = startDaemon(which('dockerd') ?? 'dockerd', [], { log, detached: true });
  const answered = await until(
    async () => {
      if (daemon.exitCode !== null) throw new Error('ended');
      return (await engineProblem(engine)) === undefined;
    },
    60_000,
    200,
  );
  if (!answered)
    throw new PlatformError('EngineUnavailable', `dockerd was started but does not answer. The end of ${log}:\n${tailOf(log)}`);
}

async function removeStale(pidFile: string, program: string): Promise<void> {
  const pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
  if (!pid) return;
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  if (name !== program) await rm(pidFile, { force: true });
}
