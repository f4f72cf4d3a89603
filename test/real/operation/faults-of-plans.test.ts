import type { Activities } from '../../../activities/contracts';
import type { Progress } from '../../../schemas/operation';
import { Simulation } from '../../support/simulation';

let simulation: Simulation;
beforeAll(async () => {
  simulation = await Simulation.start();
});
afterAll(() => simulation?.stop());

let count = 0;
const fresh = (): string => `c${++count}`;

type Name = keyof Activities;
const ofPivot = ['describeCluster', 'observeCluster', 'viewRouters', 'switchPrimary', 'applyRole', 'followPrimary', 'tellRouters'] as const;
const ofCreation = [
  'describeCluster',
  'prepareCluster',
  'createMember',
  'initialiseMember',
  'openFirstPrimary',
  'followPrimary',
  'applyRole',
  'tellRouters',
] as const;
const faults = ['fails before', 'fails after'] as const;

const each = <Activity extends Name>(names: readonly Activity[]): [Activity, (typeof faults)[number]][] =>
  names.flatMap((name) => faults.map((fault): [Activity, (typeof faults)[number]] => [name, fault]));

describe('a planned pivot ends well in exactly one change of epoch when', () => {
  test.each(each(ofPivot))('%s %s', async (activity, fault) => {
    const cluster = simulation.cluster(fresh());
    cluster.faults.set(activity, fault);
    const { name } = cluster.state.definition;
    const result = await simulation.drydock.result<{ epoch: number; progress: Progress }>(
      await simulation.drydock.start('pivot', { cluster: name, proof: false }),
    );
    expect(result).toMatchObject({ epoch: 5, progress: { state: 'done', warnings: [] } });
    expect(cluster.state).toMatchObject({ epoch: 5, primary: 'db-2' });
  });

  test('the switch hangs without a sign of life', async () => {
    const cluster = simulation.cluster(fresh());
    cluster.faults.set('switchPrimary', 'hangs');
    const begun = Date.now();
    const id = await simulation.drydock.start('pivot', { cluster: cluster.state.definition.name, proof: false });
    expect(await simulation.drydock.result(id)).toMatchObject({ epoch: 5 });
    expect(Date.now() - begun).toBeLessThan(8_000);
    expect(cluster.calls.filter((call) => call === 'switchPrimary')).toHaveLength(2);
  });
});

describe('createCluster ends well when', () => {
  test.each(each(ofCreation))('%s %s', async (activity, fault) => {
    const cluster = simulation.cluster(fresh());
    cluster.exists = false;
    cluster.faults.set(activity, fault);
    const { name } = cluster.state.definition;
    const id = await simulation.drydock.start('createCluster', { cluster: { name, engine: 'mysql', version: '8.0' } });
    expect(await simulation.drydock.result(id)).toMatchObject({ epoch: 1, progress: { state: 'done' } });
    await simulation.client.workflow.getHandle(`guard/${name}`).terminate('test');
  });
});

describe('every worker is restarted in mid-pivot', () => {
  // A switch that has begun is finished within the grace of its worker; anything else is taken up by the next one.
  test.each(['observeCluster', 'switchPrimary', 'followPrimary'] as const)('in %s', async (activity) => {
    const cluster = simulation.cluster(fresh());
    const begun = new Promise<void>((resolve) => {
      cluster.onBegin = (name) => name === activity && resolve();
    });
    const id = await simulation.drydock.start('pivot', { cluster: cluster.state.definition.name, proof: false });
    await begun;
    await simulation.stopWorkers();
    await simulation.startWorkers();
    expect(await simulation.drydock.result(id)).toMatchObject({ epoch: 5, progress: { state: 'done' } });
    expect(cluster.state.epoch).toBe(5);
  });
});
