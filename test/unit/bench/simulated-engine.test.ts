import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Docker from 'dockerode';

import { describeCluster } from '../../../activities/docker/describe';
import type { ActivityEnvironment, Host } from '../../../activities/environment';
import { clusterAt, SimulatedCluster } from '../../../bench/guard/simulated/cluster';
import { SimulatedEngine } from '../../../bench/guard/simulated/engine';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-engine-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the simulated engine of the bench answers all that a guard asks to know its cluster', async () => {
  const simulated = clusterAt('sim-001', [3001, 3002, 3003], 9001);
  const engine = new SimulatedEngine([new SimulatedCluster(simulated, 'uuid')], 'instance');
  const socketPath = join(folder, 'engine.sock');
  await engine.listen(socketPath);
  const host = { name: 'local', engine: new Docker({ socketPath }) } as Host;
  const env = { instance: 'instance', hosts: new Map([[host.name, host]]) } as ActivityEnvironment;

  const found = await describeCluster(env, 'sim-001');

  expect(found?.members.map(({ name, port }) => [name, port])).toEqual([
    ['sim-001-1', 3001],
    ['sim-001-2', 3002],
    ['sim-001-3', 3003],
  ]);
  expect(found?.routers).toEqual(simulated.routers);
  await engine.close();
});
