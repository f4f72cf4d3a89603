import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MockActivityEnvironment } from '@temporalio/testing';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import Docker from 'dockerode';
import pino from 'pino';

import type { ActivityEnvironment } from '../../../activities/environment';
import { createDockerActivities } from '../../../activities/docker';
import { SecretStore } from '../../../activities/secrets';
import { clusterDefinition, type ClusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import { labels } from '../../../schemas/names';

const quiet = new DefaultLogger('ERROR');

/** No Temporal server here: nothing is written down of clusters that others made. */
export const nothingAdopted = {
  workflow: { getHandle: (id: string) => ({ describe: () => Promise.reject(new WorkflowNotFoundError('not found', id, undefined)) }) },
} as unknown as Client;

/** An installation of its own on the local engine: everything it makes carries its instance label and is removed at the end. */
export class Installation {
  readonly docker = new Docker();
  private constructor(
    readonly env: ActivityEnvironment,
    private readonly folder: string,
  ) {}

  /** `address`: the host `east` with this address instead of the one local engine. */
  static async make(name: string, address?: string): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), `drydock-${name}-`));
    const env: ActivityEnvironment = {
      instance: `${name}${process.pid}`,
      home: folder,
      secrets: new SecretStore(join(folder, 'secrets')),
      hosts: new Map([
        address === undefined
          ? ['local', { name: 'local', engine: new Docker() }]
          : ['east', { name: 'east', engine: new Docker(), address }],
      ]),
      client: nothingAdopted,
      log: pino({ level: 'silent' }),
    };
    return new Installation(env, folder);
  }

  /** The activities as a worker runs them: inside an activity's context. */
  get activities(): ReturnType<typeof createDockerActivities> {
    const activities = createDockerActivities(this.env);
    const wrapped = Object.entries(activities).map(([name, activity]) => [
      name,
      (...args: unknown[]) =>
        new MockActivityEnvironment(undefined, { logger: quiet }).run(activity as (...all: unknown[]) => Promise<unknown>, ...args),
    ]);
    return Object.fromEntries(wrapped) as ReturnType<typeof createDockerActivities>;
  }

  definition(file: Partial<ClusterFile> & { name: string }): ClusterDefinition {
    return clusterDefinition.parse({ engine: 'mysql', version: '5.6', replicas: 1, durability: 'async', ...file });
  }

  async objects(): Promise<string[]> {
    const filters = { label: [`${labels.instance}=${this.env.instance}`] };
    const containers = await this.docker.listContainers({ all: true, filters });
    const networks = await this.docker.listNetworks({ filters });
    const { Volumes } = await this.docker.listVolumes({ filters });
    return [
      ...containers.map((each) => `container ${each.Names[0]}`),
      ...networks.map((each) => `network ${each.Name}`),
      ...(Volumes ?? []).map((each) => `volume ${each.Name}`),
    ];
  }

  async end(): Promise<void> {
    const filters = { label: [`${labels.instance}=${this.env.instance}`] };
    for (const each of await this.docker.listContainers({ all: true, filters }))
      await this.docker.getContainer(each.Id).remove({ force: true, v: true });
    for (const each of (await this.docker.listVolumes({ filters })).Volumes ?? []) await this.docker.getVolume(each.Name).remove();
    for (const each of await this.docker.listNetworks({ filters })) await this.docker.getNetwork(each.Id).remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}
