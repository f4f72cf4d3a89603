import { setTimeout as sleep } from 'node:timers/promises';

import { Context } from '@temporalio/activity';
import type Docker from 'dockerode';

import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { inspectContainer, removeContainer, startContainer } from './container';
import { ask, reasonOf, statusOf, stillWanted } from './engine';
import { imageMissing } from './images';
import { labelsOf, operationOf, specOf } from './labels';
import type { ContainerFile } from './tar';
import { lastWords } from './wait-for-server';

/** A container that does one thing and ends. */
export interface Helper {
  /** Two of one name never run at the same time. */
  name: string;
  cluster: string;
  member: string;
  image: string;
  command: string[];
  /** Undefined: as the image has it. */
  entrypoint?: string[];
  env?: string[];
  user?: string;
  /** Put in before it starts: the only way by which a secret may come in. */
  files?: ContainerFile[];
  host: Docker.HostConfig;
  endpoints?: Docker.EndpointsConfig;
  /** Lines of its output that are kept. */
  lines?: number;
}

export interface Ended {
  exitCode: number;
  /** The end of what it wrote, redacted. */
  output: string;
  seconds: number;
}

const lookMs = 250;

/**
 * Runs a helper to its end, with heartbeats, and removes it whatever happens. One that an earlier attempt left is removed first; a later attempt's is left
 * alone (Conflict). `between` is called all the time; what it throws ends the helper, as a cancellation does. Answers null when `withinMs` has passed.
 */
export async function runHelper(
  env: ActivityEnvironment,
  host: Host,
  helper: Helper,
  { between = () => Promise.resolve(), withinMs = Infinity }: { between?: () => Promise<void>; withinMs?: number } = {},
): Promise<Ended | null> {
  const { info } = Context.current();
  const operation = info.workflowExecution?.workflowId ?? '';
  await makeWay(host, helper.name, operation, info.attempt);
  stillWanted();
  const Labels = labelsOf(env.instance, operation, helper.cluster, 'helper', helper.name.slice(helper.name.lastIndexOf('.') + 1), {
    member: helper.member,
    attempt: info.attempt,
  });
  // By its id from here on: another attempt may make one of the same name.
  const id = await create(host, helper, Labels);
  try {
    await startContainer(host, id, helper.files ?? []);
    const began = Date.now();
    for (;;) {
      stillWanted();
      const found = await inspectContainer(host, id);
      if (!found) throw failure('EngineUnavailable', `${helper.name} was removed by somebody on host ${host.name}`);
      const seconds = (Date.now() - began) / 1000;
      if (found.State.Status === 'exited' || found.State.Status === 'dead')
        return { exitCode: found.State.ExitCode, output: await lastWords(host, id, helper.lines ?? 20), seconds };
      if (Date.now() - began > withinMs) return null;
      await between();
      await sleep(lookMs);
    }
  } finally {
    await removeContainer(host, id).catch((error: unknown) =>
      env.log.warn({ container: helper.name, error: reasonOf(error) }, 'a helper could not be removed; the next attempt tries again'),
    );
  }
}

async function makeWay(host: Host, name: string, operation: string, attempt: number): Promise<void> {
  const found = await inspectContainer(host, name);
  if (!found) return;
  const theirs = specOf('helper', found.Config.Labels);
  if (theirs === undefined)
    throw failure('AlreadyExists', `container ${name} on host ${host.name} exists and is none of drydock's helpers`);
  if (operationOf(found.Config.Labels) === operation && theirs.attempt > attempt)
    throw failure('Conflict', `a later attempt of ${operation} is at work in ${name}`);
  await removeContainer(host, found.Id);
}

async function create(host: Host, helper: Helper, Labels: Record<string, string>): Promise<string> {
  try {
    const { id } = await ask(host, () =>
      host.engine.createContainer({
        name: helper.name,
        Image: helper.image,
        ...(helper.entrypoint ? { Entrypoint: helper.entrypoint } : {}),
        Cmd: helper.command,
        ...(helper.env ? { Env: helper.env } : {}),
        ...(helper.user === undefined ? {} : { User: helper.user }),
        Labels,
        HostConfig: {
          RestartPolicy: { Name: 'no' },
          LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
          ...helper.host,
        },
        ...(helper.endpoints ? { NetworkingConfig: { EndpointsConfig: helper.endpoints } } : {}),
      }),
    );
    return id;
  } catch (error) {
    if (statusOf(error) === 404 && /no such image/i.test(reasonOf(error))) throw imageMissing(helper.image, host.name);
    if (statusOf(error) === 409) throw failure('Conflict', `another attempt has made ${helper.name} in this moment`);
    throw error;
  }
}
