import { Simulation } from '../../support/simulation';

jest.setTimeout(150_000);

let simulation: Simulation;
beforeAll(async () => {
  simulation = await Simulation.start();
});
afterAll(() => simulation?.stop());

test('a window that ended while every worker was away removes nothing: a person is asked', async () => {
  const cluster = simulation.cluster('shop');
  cluster.state = { ...cluster.state, definition: { ...cluster.state.definition, durability: 'async' } };
  const steps = [{ step: 'keep-way-back', windowSeconds: 60 }];
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
  const steps = [{ step: 'keep-way-back', windowSeconds: 60 }];
  const id = await simulation.drydock.start('upgrade', { cluster: 'timed', to: { version: '9.7' }, steps });
  expect(await simulation.drydock.result(id)).toMatchObject({ report: { wayBack: { endedBy: 'time' } } });
  expect(cluster.state.members.map(({ name }) => name)).toEqual(['db-4', 'db-5', 'db-6']);
});
