import { Simulation } from '../../support/simulation';
import { takenOn } from './kit';

jest.setTimeout(150_000);

let simulation: Simulation;
beforeAll(async () => {
  simulation = await Simulation.start();
});
afterAll(() => simulation?.stop());

test('a window that ended while every worker was away removes nothing: a person is asked', async () => {
  const cluster = simulation.cluster('shop');
  cluster.state = { ...cluster.state, definition: { ...cluster.state.definition, durability: 'async' } };
  const steps = [takenOn, { step: 'keep-way-back', windowSeconds: 60 }];
  const id = await simulation.drydock.start('upgrade', { cluster: 'shop', to: { version: '9.7' }, steps });
  await simulation.when(id, ({ waitsFor }) => waitsFor?.gate === 'end-window');
  await simulation.stopWorkers();
  await new Promise((resolve) => setTimeout(resolve, 67_000));
  await simulation.startWorkers();
  const { waitsFor, warnings } = await simulation.when(id, ({ warnings: told }) => told.length > 0);
  expect(warnings.join()).toMatch(/ran out while drydock or Temporal was away/);
  expect(waitsFor).toMatchObject({ gate: 'end-window', who: 'a person who may approve' });
  expect(cluster.calls).not.toContain('retireMember');
  await simulation.drydock.control(id, 'approve', { by: 'test' });
  await simulation.drydock.result(id);
  expect(cluster.state).toMatchObject({ primary: 'db-4', definition: { version: '9.7' } });
  expect(cluster.state.members.map(({ name }) => name)).toEqual(['db-4', 'db-5', 'db-6']);
});

test('a window ends by its time, and the old members go', async () => {
  const cluster = simulation.cluster('timed');
  cluster.state = { ...cluster.state, definition: { ...cluster.state.definition, durability: 'async' } };
  const steps = [takenOn, { step: 'keep-way-back', windowSeconds: 60 }];
  const id = await simulation.drydock.start('upgrade', { cluster: 'timed', to: { version: '9.7' }, steps });
  expect(await simulation.drydock.result(id)).toMatchObject({ report: { wayBack: { endedBy: 'time' } } });
  expect(cluster.state.members.map(({ name }) => name)).toEqual(['db-4', 'db-5', 'db-6']);
});

test('a rollback is refused while no old member follows, which the progress says', async () => {
  const cluster = simulation.cluster('broken');
  cluster.state = { ...cluster.state, definition: { ...cluster.state.definition, durability: 'async' } };
  cluster.override.observeCluster = ({ members }) => {
    const seen = cluster.observation(members);
    const broken = (name: string): boolean => cluster.state.primary === 'db-4' && ['db-1', 'db-2', 'db-3'].includes(name);
    return Promise.resolve({
      ...seen,
      members: seen.members.map((view) => (broken(view.name) ? { ...view, reach: 'refused' as const } : view)),
    });
  };
  const id = await simulation.drydock.start('upgrade', { cluster: 'broken', to: { version: '9.7' }, steps: [takenOn] });
  const atGate = () => simulation.when(id, ({ waitsFor }) => waitsFor?.gate === 'end-window');
  // It is waited for a minute that one of them follows.
  const { rollback, warnings } = await atGate().catch(atGate).catch(atGate).catch(atGate);
  expect(rollback).toMatchObject({ possible: false, loses: expect.stringContaining('there is no live way back now') as string });
  expect(warnings.join()).toContain('way back: db-1: it does not answer');
  await expect(simulation.drydock.control(id, 'rollback')).rejects.toMatchObject({ code: 'NotAllowedNow' });
  await simulation.drydock.control(id, 'approve', { by: 'test' });
  await simulation.drydock.result(id);
  expect(cluster.state.members.map(({ name }) => name)).toEqual(['db-4', 'db-5', 'db-6']);
});
