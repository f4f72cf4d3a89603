import type Docker from 'dockerode';

import { labels } from '../../schemas/names';
import type { Host } from '../environment';
import { failure } from '../failure';
import { ask, ifThere, reasonOf, statusOf } from './engine';
import { imageMissing } from './images';
import { type ContainerFile, tarOf } from './tar';

type Inspected = Docker.ContainerInspectInfo;

/** Asks for a container as such: `docker inspect NAME` also finds volumes. Undefined when there is none. */
export const inspectContainer = (host: Host, name: string): Promise<Inspected | undefined> =>
  ifThere(host, () => host.engine.getContainer(name).inspect());

/**
 * The container of this name: the one that is there, or a new one. Another attempt may make it at the same time. Throws
 * ImageMissing, and AlreadyExists when a container of this name is not ours.
 */
export async function ensureContainer(
  host: Host,
  options: Docker.ContainerCreateOptions & { name: string; Image: string; Labels: Record<string, string> },
): Promise<Inspected> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const there = await inspectContainer(host, options.name);
    if (there) {
      const mine = [labels.instance, labels.target, labels.kind, labels.name].every(
        (label) => there.Config.Labels[label] === options.Labels[label],
      );
      if (mine) return there;
      throw failure('AlreadyExists', `container ${options.name} on host ${host.name} exists and is not of this cluster`);
    }
    try {
      await ask(host, () => host.engine.createContainer(options));
    } catch (error) {
      if (statusOf(error) === 404 && /no such image/i.test(reasonOf(error))) throw imageMissing(options.Image, host.name);
      // The name was taken since we looked; the engine shows its container a moment later.
      if (statusOf(error) !== 409) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw failure(
    'EngineUnavailable',
    `container ${options.name} on host ${host.name} has a name that is taken by something that the engine does not show`,
  );
}

/** Puts files (secrets, configuration) into a container that does not run, and starts it. Nothing happens when it runs. */
export async function startContainer(host: Host, name: string, files: ContainerFile[]): Promise<void> {
  const container = host.engine.getContainer(name);
  const { State } = await ask(host, () => container.inspect());
  if (State.Paused) await ask(host, () => container.unpause());
  if (State.Running) return;
  if (files.length) await ask(host, () => container.putArchive(tarOf(files), { path: '/' }));
  try {
    await ask(host, () => container.start());
  } catch (error) {
    // 304: another attempt started it.
    if (statusOf(error) !== 304) throw error;
  }
}

/** Whether the engine says that nothing of this container runs. A container that it does not know runs nothing. */
export async function isStopped(host: Host, name: string): Promise<boolean> {
  const found = await inspectContainer(host, name);
  return !found || (!found.State.Running && !found.State.Restarting && found.State.Pid === 0);
}

/** A pivot may wait for it, and a host that dies meanwhile answers nothing. */
const killMs = 5000;

/**
 * Stops a container: at once when `kill` (also a paused one), else as its server wants to be stopped. Returns whether the
 * engine confirms it afterwards.
 */
export async function stopContainer(host: Host, name: string, kill: boolean): Promise<boolean> {
  const container = host.engine.getContainer(name);
  try {
    if (kill) await ask(host, () => container.kill({ signal: 'SIGKILL' }), killMs);
    else await ask(host, () => container.stop());
  } catch (error) {
    // 304 and 409: it does not run; 404: there is none.
    if (![304, 404, 409].includes(statusOf(error) ?? 0)) throw error;
  }
  // The engine hears of the end of a killed process 100 to 200 ms later.
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isStopped(host, name)) return true;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return false;
}

/** Nothing happens when there is none. */
export async function removeContainer(host: Host, name: string): Promise<boolean> {
  try {
    const removed = await ifThere(host, async () => {
      await host.engine.getContainer(name).remove({ force: true });
      return true;
    });
    return removed ?? false;
  } catch (error) {
    // Another attempt is removing it.
    if (statusOf(error) === 409) return false;
    throw error;
  }
}
