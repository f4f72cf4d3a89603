import pino from 'pino';

import type { ActivityEnvironment } from '../../../activities/environment';
import { createRouterActivities, openRouter } from '../../../activities/router';
import type { ClusterState } from '../../../schemas/topology';
import { Bench, Client } from './support';

let bench: Bench;
let activities: ReturnType<typeof createRouterActivities>;
beforeAll(async () => {
  bench = await Bench.start();
  activities = createRouterActivities({ secrets: bench.secrets, log: pino({ level: 'silent' }) } as ActivityEnvironment);
});
afterAll(() => bench?.stop());

const state = (epoch: number, primary: string): ClusterState => ({
  ...bench.cluster,
  definition: { ...bench.cluster.definition, readFallback: 'primary' },
  epoch,
  primary,
});
const greeting = async (port: 'write' | 'read'): Promise<string> => {
  const client = await Client.open(bench.router[port].host, bench.router[port].port);
  const line = await client.line(300);
  client.end();
  return line;
};

test('a closed router is opened; what is in place is left alone, connections and all', async () => {
  expect(await activities.tellRouters(state(1, 'bench-1'), ['bench-2'])).toEqual({ confirmed: ['router-1'], missing: [] });
  expect([await greeting('write'), await greeting('read')]).toEqual(['bench-1', 'bench-2']);
  const client = await Client.open(bench.router.write.host, bench.router.write.port);
  await client.line();
  await activities.tellRouters(state(1, 'bench-1'), []);
  client.say('still here');
  expect(await client.line()).toBe('still here');
  // With nobody fit to read from, the primary is.
  expect(await greeting('read')).toBe('bench-1');
  await activities.tellRouters(state(2, 'bench-3'), ['bench-1', 'bench-2']);
  expect(await client.line()).toBe('closed');
  expect(await greeting('write')).toBe('bench-3');
  expect(await activities.viewRouters(bench.cluster)).toMatchObject([
    { name: 'router-1', reachable: true, epoch: 2, primary: { port: bench.cluster.members[2]?.port }, readers: ['bench-1', 'bench-2'] },
  ]);
});

test('a router that knows a later epoch refuses, and nothing of it changes', async () => {
  await expect(activities.tellRouters(state(1, 'bench-1'), [])).rejects.toMatchObject({ type: 'StaleEpoch' });
  expect([await greeting('write'), await greeting('read')]).not.toContain('closed');
  expect(await greeting('write')).toBe('bench-3');
});

test('one that holds is released, or goes on holding when only its readers change', async () => {
  const admin = await openRouter(bench, bench.cluster, bench.router, { timeoutMs: 2000 });
  await admin.hold();
  await activities.tellRouters(state(2, 'bench-3'), ['bench-1'], undefined, true);
  expect(await greeting('write')).toBe('silent');
  expect(await greeting('read')).toBe('bench-1');
  await activities.tellRouters(state(2, 'bench-3'), ['bench-1']);
  expect(await greeting('write')).toBe('bench-3');
  admin.end();
});

test('routers that do not answer are named', async () => {
  const lost = { ...bench.router, name: 'router-2', address: bench.deadAddress };
  const both = { ...state(3, 'bench-1'), routers: [bench.router, lost] };
  expect(await activities.tellRouters(both, [])).toEqual({ confirmed: ['router-1'], missing: ['router-2'] });
  expect(await activities.tellRouters(both, [], ['router-1'])).toEqual({ confirmed: ['router-1'], missing: [] });
  const views = await activities.viewRouters({ ...bench.cluster, routers: [lost] });
  expect(views).toMatchObject([{ name: 'router-2', reachable: false, epoch: 0, open: false }]);
  expect(views[0]?.error).toContain('router-2');
});
