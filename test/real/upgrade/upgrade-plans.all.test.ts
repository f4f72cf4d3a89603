/** The plan of an upgrade on a real Temporal server, over simulated clusters: faults of activities, lost workers, a primary that changes, people. */
import type { Activities } from '../../../activities/contracts';
import type { Progress } from '../../../schemas/operation';
import type { UpgradeReport } from '../../../schemas/upgrade';
import { equal, refuses, report as reportOf, type SimulatedCluster } from '../../support/simulated-cluster';
import { Simulation } from '../../support/simulation';
import { takenOn } from './kit';

jest.setTimeout(60_000);

let simulation: Simulation;
beforeAll(async () => {
  simulation = await Simulation.start();
});
afterAll(() => simulation?.stop());

let count = 0;

interface Upgrade {
  id: string;
  cluster: SimulatedCluster;
}

/** Async, since with semi-sync ten seconds are waited for a switch that may be under way. */
async function begin(
  prepare: (cluster: SimulatedCluster) => void = () => undefined,
  { steps = [], ...more }: { steps?: object[]; approval?: object } = {},
): Promise<Upgrade> {
  const cluster = simulation.cluster(`u${++count}`);
  cluster.state = { ...cluster.state, definition: { ...cluster.state.definition, durability: 'async' } };
  prepare(cluster);
  const id = await simulation.drydock.start('upgrade', {
    cluster: cluster.state.definition.name,
    to: { version: '9.7' },
    steps: [takenOn, ...steps],
    ...more,
  });
  return { id, cluster };
}

/** Many at once take their time: it is waited for twice. */
const gate = (id: string, wanted: string): Promise<Progress> => {
  const when = (): Promise<Progress> => simulation.when(id, ({ waitsFor }) => waitsFor?.gate === wanted);
  return when().catch(when);
};

async function approve(id: string, ...gates: string[]): Promise<void> {
  for (const each of gates) {
    await gate(id, each);
    await simulation.drydock.control(id, 'approve', { by: 'test' });
  }
}

const end = ({ id }: Upgrade): Promise<{ report: UpgradeReport; progress: Progress }> => simulation.drydock.result(id);
const names = ({ state }: SimulatedCluster): string[] => state.members.map(({ name }) => name);

const upgraded = ({ cluster }: Upgrade): void => {
  expect(cluster.state).toMatchObject({ epoch: 5, primary: 'db-4', definition: { version: '9.7', replicas: 2 } });
  expect(names(cluster)).toEqual(['db-4', 'db-5', 'db-6']);
  expect(cluster.state.upgrade).toBeUndefined();
};

const asBefore = ({ cluster }: Upgrade, epoch: number): void => {
  expect(cluster.state).toMatchObject({ epoch, primary: 'db-1', definition: { version: '8.0', replicas: 2 } });
  expect(names(cluster)).toEqual(['db-1', 'db-2', 'db-3']);
  expect(cluster.state.upgrade).toBeUndefined();
};

const activities: (keyof Activities)[] = [
  'describeCluster',
  'observeCluster',
  'examineUpgrade',
  'placeMember',
  'recordPlan',
  'createMember',
  'initialiseMember',
  'seedMember',
  'applyRole',
  'proveEquality',
  'switchPrimary',
  'followPrimary',
  'retireMember',
  'removeMember',
];

test('it ends well, with one change of epoch, whichever activity fails once, before or after its work', async () => {
  const cases = activities.flatMap((activity) => (['fails before', 'fails after'] as const).map((fault) => ({ activity, fault })));
  const results: object[] = [];
  const one = async ({ activity, fault }: (typeof cases)[number]): Promise<void> => {
    const upgrade = await begin((cluster) => cluster.faults.set(activity as never, fault));
    await approve(upgrade.id, 'end-window');
    const { report, progress } = await end(upgrade);
    upgraded(upgrade);
    results.push({ activity, fault, outcome: report.outcome, state: progress.state });
  };
  // More at once would only wait for each other.
  for (let first = 0; first < cases.length; first += 7) await Promise.all(cases.slice(first, first + 7).map(one));
  expect(results).toEqual(expect.arrayContaining(cases.map((each) => ({ ...each, outcome: 'upgraded', state: 'done' }))));
}, 150_000);

test('every worker is restarted in the build, the cut-over and the removal', async () => {
  for (const activity of ['seedMember', 'switchPrimary', 'removeMember'] as const) {
    let begun: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (begun = resolve));
    const upgrade = await begin((cluster) => {
      cluster.onBegin = (name) => name === activity && begun();
    });
    const approved = approve(upgrade.id, 'end-window');
    await reached;
    await simulation.stopWorkers();
    await simulation.startWorkers();
    await approved;
    expect(await end(upgrade)).toMatchObject({ progress: { state: 'done' } });
    upgraded(upgrade);
  }
});

test('a difference stops it before the cut-over and is shown; compared again, it goes on', async () => {
  const differences = [{ member: 'db-5', table: 'app.orders', chunk: 'id up to 7' }];
  let looks = 0;
  const upgrade = await begin((cluster) => {
    cluster.override.proveEquality = () => Promise.resolve(looks++ === 0 ? { ...equal, equal: false, differences } : equal);
  });
  const { waitsFor, steps } = await gate(upgrade.id, 'verify-again');
  expect(waitsFor?.what).toContain('db-5 app.orders differs in id up to 7');
  expect(steps.find(({ name }) => name === 'verify')).toMatchObject({ state: 'failed' });
  expect(upgrade.cluster.calls).not.toContain('switchPrimary');
  await approve(upgrade.id, 'verify-again', 'end-window');
  expect((await end(upgrade)).report.verified.proof).toEqual(equal);
  upgraded(upgrade);
});

test.each(['before-switch', 'verify-again', 'cut-over-again'])(
  'aborted at the gate %s: the new members are removed with their data, and the plan is as before',
  async (at) => {
    const upgrade = await begin(
      (cluster) => {
        if (at === 'verify-again')
          cluster.override.proveEquality = () =>
            Promise.resolve({ ...equal, equal: false, differences: [{ member: 'db-4', table: 'app.a', chunk: 'all rows' }] });
        if (at === 'cut-over-again')
          cluster.override.switchPrimary = (input) =>
            Promise.resolve(
              reportOf(input, { outcome: 'given-up', code: 'SwitchFailed', problem: { path: 'members.db-4', message: 'simulated' } }),
            );
      },
      at === 'before-switch' ? { approval: { gates: ['before-switch'] } } : {},
    );
    const removed: boolean[] = [];
    upgrade.cluster.override.removeMember = (_cluster, member, deleteData) => {
      removed.push(deleteData);
      return Promise.resolve({ removed: [member.name], kept: [] });
    };
    await gate(upgrade.id, at);
    await simulation.drydock.control(upgrade.id, 'abort', { by: 'test' });
    await expect(simulation.drydock.result(upgrade.id)).rejects.toMatchObject({ code: 'Aborted' });
    asBefore(upgrade, 4);
    expect(removed).toEqual([true, true, true]);
  },
);

test('a switch that was given up is tried again by a person, and leads there', async () => {
  let tries = 0;
  const upgrade = await begin((cluster) => {
    cluster.override.switchPrimary = (input) =>
      Promise.resolve(
        tries++ === 0
          ? reportOf(input, { outcome: 'given-up', code: 'SwitchFailed', problem: { path: 'members.db-4', message: 'simulated' } })
          : cluster.switched(input),
      );
  });
  await gate(upgrade.id, 'cut-over-again');
  expect(upgrade.cluster.state.upgrade).toMatchObject({ standing: 'building' });
  await approve(upgrade.id, 'cut-over-again', 'end-window');
  await end(upgrade);
  upgraded(upgrade);
});

test('rollback in the window: a planned pivot back, and the new members are removed; their volumes are kept', async () => {
  const upgrade = await begin();
  const { rollback } = await gate(upgrade.id, 'end-window');
  expect(rollback).toEqual({ possible: true, loses: 'nothing: db-1, db-2, db-3 follow db-4' });
  await simulation.drydock.control(upgrade.id, 'rollback', { by: 'test' });
  const { report, progress } = await end(upgrade);
  expect(progress.state).toBe('rolled-back');
  expect(report).toMatchObject({ outcome: 'rolled-back', rolledBack: { from: 'db-4', to: 'db-1', epoch: 6 } });
  expect(report.kept).toEqual(['volume db-4.1', 'volume db-5.1', 'volume db-6.1']);
  asBefore(upgrade, 6);
});

test('in the window the cluster is free for a pivot, which the rollback goes on from', async () => {
  const upgrade = await begin();
  await gate(upgrade.id, 'end-window');
  const cluster = upgrade.cluster.state.definition.name;
  await simulation.drydock.result(await simulation.drydock.start('pivot', { cluster, proof: false }));
  expect(upgrade.cluster.state).toMatchObject({ epoch: 6, primary: 'db-5' });
  await simulation.drydock.control(upgrade.id, 'rollback', { by: 'test' });
  expect((await end(upgrade)).report.rolledBack).toMatchObject({ from: 'db-5', to: 'db-1', epoch: 7 });
  asBefore(upgrade, 7);
});

test('an approval of the plan is waited for where it stands; the cluster is free meanwhile', async () => {
  const upgrade = await begin(undefined, { steps: [{ step: 'build-members' }, { step: 'approve', name: 'sign' }] });
  const { steps } = await gate(upgrade.id, 'sign');
  expect(steps.filter(({ state }) => state === 'done').at(-1)?.name).toBe('build the new members');
  const cluster = upgrade.cluster.state.definition.name;
  await simulation.drydock.result(await simulation.drydock.start('pivot', { cluster, proof: false }));
  await approve(upgrade.id, 'sign', 'end-window');
  expect((await end(upgrade)).report.cutOver).toMatchObject({ from: 'db-2', to: 'db-4', epoch: 6 });
});

test('a failed build is undone', async () => {
  const upgrade = await begin((cluster) => {
    cluster.override.initialiseMember = refuses('SettingNotKept');
  });
  await expect(simulation.drydock.result(upgrade.id)).rejects.toMatchObject({ code: 'SettingNotKept' });
  asBefore(upgrade, 4);
});

test('a pivot that names a side is refused when it is no part of an upgrade', async () => {
  const id = await simulation.drydock.start('pivot', { cluster: 'x', towards: 'new' });
  await expect(simulation.drydock.result(id)).rejects.toMatchObject({ code: 'InvalidInput' });
});
