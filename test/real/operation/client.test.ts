import { homedir } from 'node:os';
import { join } from 'node:path';

import type { OperationView } from '../../../client';
import { unplannedPivotId } from '../../../schemas/names';
import { containing, matching } from '../../support/matchers';
import { Simulation } from '../../support/simulation';

let simulation: Simulation;
beforeAll(async () => {
  simulation = await Simulation.start();
});
afterAll(() => simulation?.stop());

const approval = { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' };
const waiting: Parameters<Simulation['when']>[1] = ({ state }) => state === 'waiting';

test('list finds operations by target and by whether they run, the latest first', async () => {
  const { drydock } = simulation;
  const first = await drydock.start('pivot', { cluster: 'listed' });
  await drydock.result(first);
  const second = await drydock.start('pivot', { cluster: 'listed', approval });
  await simulation.when(second, waiting);
  const other = await drydock.start('pivot', { cluster: 'elsewhere' });
  await drydock.result(other);
  // Visibility follows within moments.
  let ids: string[] = [];
  for (let round = 0; round < 50 && ids.length < 2; round++) ids = (await drydock.list({ target: 'listed' })).map(({ id }) => id);
  expect(ids).toEqual([second, first]);
  expect((await drydock.list({ target: 'cluster/listed', running: true })).map(({ id, status }) => [id, status])).toEqual([
    [second, 'RUNNING'],
  ]);
  expect((await drydock.list({ limit: 1 })).length).toBe(1);
  const [, done] = await drydock.list({ target: 'listed' });
  expect(done).toMatchObject({ type: 'pivot', target: 'cluster/listed', phase: 'done', status: 'COMPLETED' });
  await drydock.control(second, 'abort');
  await drydock.result(second).catch(() => undefined);
});

test('watch yields every change and ends with the closed operation', async () => {
  const { drydock } = simulation;
  const id = await drydock.start('pivot', { cluster: 'watched', approval });
  const views: OperationView[] = [];
  for await (const view of drydock.watch(id)) {
    views.push(view);
    if (view.progress?.state === 'waiting' && view.progress.controls.length === 0) await drydock.control(id, 'approve');
  }
  expect(views.length).toBeGreaterThan(2);
  expect(views.at(-1)).toMatchObject({ status: 'COMPLETED', progress: { state: 'done' } });
  expect(views.slice(0, -1).every(({ status }) => status === 'RUNNING')).toBe(true);
});

test('watch stops when it is told to', async () => {
  const { drydock } = simulation;
  const id = await drydock.start('pivot', { cluster: 'unwatched', approval });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 500);
  for await (const view of drydock.watch(id, stop.signal)) expect(view.id).toBe(id);
  await drydock.control(id, 'abort').catch(() => undefined);
  await drydock.result(id).catch(() => undefined);
});

test('rollback of a closed pivot starts a planned pivot back, which expects what the first one left', async () => {
  const { drydock } = simulation;
  const id = await drydock.start('pivot', { cluster: 'returned' });
  const { from, to } = await drydock.result<{ from: string; to: string }>(id);
  const { message, operation } = await drydock.control(id, 'rollback');
  expect(message).toContain(`from ${to} to ${from}`);
  expect(await drydock.result(operation)).toMatchObject({ from: to, to: from, epoch: 6 });
  await expect(drydock.control(id, 'rollback').then(({ operation: again }) => drydock.result(again))).rejects.toMatchObject({
    code: 'ExpectationFailed',
  });
});

test('a guard pivot that was started twice runs once', async () => {
  const { drydock } = simulation;
  const cluster = simulation.cluster('twice');
  const evidence = { diagnosis: 'PrimaryDead', state: cluster.state, observation: cluster.observation(), firstSignAt: '' };
  const id = unplannedPivotId('twice', 5);
  await drydock.start('pivot', { cluster: 'twice', unplanned: true, evidence }, { id });
  await expect(drydock.start('pivot', { cluster: 'twice', unplanned: true, evidence }, { id })).rejects.toMatchObject({
    code: 'AlreadyExists',
  });
  await drydock.result(id);
});

test('what never was is said to be unknown', async () => {
  await expect(simulation.drydock.show('pivot/never/1')).rejects.toMatchObject({ code: 'HistoryTooOld', message: containing('never was') });
  await expect(simulation.drydock.control('pivot/never/1', 'abort')).rejects.toMatchObject({ code: 'HistoryTooOld' });
  await expect(simulation.drydock.cluster('never')).rejects.toMatchObject({ code: 'UnknownCluster' });
});

test('a cluster is shown as its guard sees it, with where the password is and not the password', async () => {
  const { drydock } = simulation;
  const simulated = simulation.cluster('shown');
  const write = { host: '127.0.0.1', port: 3307 };
  const router = { name: 'router-1', host: 'local', container: 'r', address: '10.213.0.5', adminPort: 9000, write, read: write };
  simulated.state = { ...simulated.state, routers: [router] };
  const guard = await drydock.start('guardCluster', { cluster: 'shown' });
  await simulation.when(guard, ({ phase }) => phase !== 'starting');
  const view = await drydock.cluster('shown');
  expect(view).toMatchObject({
    name: 'shown',
    engine: 'mysql',
    epoch: 4,
    primary: { name: 'db-1', address: '10.213.0.10:3306' },
    replicas: [{ name: 'db-2' }, { name: 'db-3' }],
    endpoints: { write, read: write },
    credentials: { application: { user: 'app', passwordFile: matching(/secrets\/clusters\/shown\/application$/) } },
    guard: 'watching',
  });
  expect(view.credentials.application?.passwordFile.startsWith(join(homedir(), '.drydock'))).toBe(false);
  let names: string[] = [];
  for (let round = 0; round < 50 && names.length === 0; round++) names = (await drydock.clusters()).map(({ name }) => name);
  expect(names).toEqual(['shown']);
  await simulation.client.workflow.getHandle(guard).terminate('test');
  expect(await drydock.cluster('shown')).toMatchObject({ name: 'shown', guard: 'absent' });
});
