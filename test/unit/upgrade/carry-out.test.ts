import { withStanding } from '../../../schemas/generations';
import type { ClusterState } from '../../../schemas/topology';
import { differencesOf } from '../../../workflows/upgrade/carry-out';
import { notBuilt, notBuiltForPlan, unseenCheck } from '../../../workflows/upgrade/not-built';
import { planUpgrade } from '../../../workflows/upgrade/plan';
import { wayBackOf } from '../../../workflows/upgrade/window';
import { equal } from '../../support/simulated-cluster';
import { gtid, primaryView, replicaView, seen, state as stateOf } from '../pivot/builders';
import { allSteps, ownBehind } from '../../../workflows/upgrade/steps';
import { cluster, steps } from './builders';

const paths = (problems: { path: string }[]): string[] => problems.map(({ path }) => path);

describe('what is not built', () => {
  test('nothing of the standard plan', () => expect(notBuilt({ steps: [] })).toEqual([]));

  test('each by its name, all at once', () => {
    const given = steps(
      { step: 'verify', reads: { seconds: 10 } },
      { step: 'canary' },
      { step: 'sql', name: 'note', on: 'primary', statements: ['SELECT 1'] },
      { step: 'approve', name: 'sign' },
      { step: 'keep-way-back', rollbackWhen: { routerErrorRate: 0.1 } },
    );
    expect(paths(notBuilt({ steps: given }))).toEqual([
      'steps.note',
      'steps.verify.reads',
      'steps.canary',
      'steps.keep-way-back.rollbackWhen',
    ]);
  });

  test('an approval after the cut-over that would abort', () => {
    const after = (onTimeout: string) => steps({ step: 'cut-over' }, { step: 'approve', name: 'sign', onTimeout });
    expect(paths(notBuilt({ steps: after('abort') }))).toEqual(['steps.sign']);
    expect(notBuilt({ steps: after('ask-again') })).toEqual([]);
    expect(notBuilt({ steps: steps({ step: 'verify' }, { step: 'approve', name: 'sign' }) })).toEqual([]);
  });

  const plan = (from: string, to: string, engine: 'mysql' | 'mariadb' = 'mysql') => {
    const found = cluster(engine, from);
    const taken = steps({ step: 'preflight', accept: [{ check: unseenCheck }] });
    return paths(notBuiltForPlan(found.state, planUpgrade(found, { to: { version: to }, steps: taken }), taken));
  };

  test('pairs whose cut-over is not built, and what was not seen yet unless the plan takes it on', () => {
    expect(plan('8.0', '9.7')).toEqual([]);
    expect(plan('5.5', '5.6')).toEqual(['to']);
    expect(plan('5.6', '8.0')).toEqual(['to']);
    expect(plan('10.11', '11.8', 'mariadb')).toEqual(['to']);
    const found = cluster('mysql', '8.0');
    expect(paths(notBuiltForPlan(found.state, planUpgrade(found, { to: { version: '9.7' }, steps: [] }), []))).toEqual(['to']);
  });

  test('a lossy way back, unless the plan wants none', () => {
    const found = cluster('mysql', '8.0', { types: [{ type: 'vector', columns: 1, example: 'app.items.place' }] });
    const asked = (...given: unknown[]) => ({
      to: { version: '9.7' },
      steps: steps({ step: 'preflight', accept: [{ check: unseenCheck }] }, ...given),
    });
    const told = (given: ReturnType<typeof asked>) => paths(notBuiltForPlan(found.state, planUpgrade(found, given), given.steps));
    expect(told(asked())).toEqual(['steps.keep-way-back']);
    expect(told(asked({ step: 'keep-way-back', skip: true }))).toEqual([]);
  });
});

test('own steps stay behind the named one that they were listed after', () => {
  const all = allSteps(
    steps(
      { step: 'approve', name: 'first' },
      { step: 'preflight' },
      { step: 'verify' },
      { step: 'approve', name: 'a' },
      { step: 'approve', name: 'b' },
    ),
  );
  const behind = (name: Parameters<typeof ownBehind>[1]) => ownBehind(all, name).map((each) => each.name);
  expect(behind(undefined)).toEqual(['first']);
  expect(behind('verify')).toEqual(['a', 'b']);
  expect(behind('catch-up')).toEqual([]);
  expect(behind('remove-old')).toEqual([]);
});

describe('a verification', () => {
  test('equal data, and assertions that hold', () => {
    expect(differencesOf({ proof: equal, assertions: [{ member: 'db-4', name: 'a', holds: true, found: '' }] })).toEqual([]);
  });

  test('fails by a difference, by a member that could not be compared, and by an assertion', () => {
    const proof = {
      ...equal,
      differences: [{ member: 'db-4', table: 'app.orders', chunk: 'id up to 9' }],
      unchecked: [
        { table: '*', reason: 'db-5: it does not replicate' },
        { table: 'app.blobs', reason: 'no key' },
      ],
    };
    expect(paths(differencesOf({ proof, assertions: [{ member: 'db-4', name: 'sum', holds: false, found: '7' }] }))).toEqual([
      'members',
      'db-4 app.orders',
      'db-4 assertion sum',
    ]);
  });
});

describe('the way back', () => {
  const plain = stateOf({}, ['db-1', 'db-2', 'db-3', 'db-4', 'db-5', 'db-6']);
  const state: ClusterState = withStanding({
    ...plain,
    primary: 'db-4',
    members: plain.members.map((member) => (Number(member.name.slice(3)) > 3 ? { ...member, generation: 2 } : member)),
    upgrade: { operation: 'u', generation: 2, standing: 'cutting' },
  });
  const source = { sourceAddress: '10.213.0.13' };
  const follower = (name: string, more = {}) => replicaView(name, 100, { replication: { ...source, ...more } });

  test('is every old member that follows, the old primary first', () => {
    const look = seen(follower('db-1'), follower('db-2'), follower('db-3'), primaryView('db-4'), follower('db-5'));
    expect(wayBackOf(state, look, 'db-2')).toEqual({ live: ['db-2', 'db-1', 'db-3'], broken: [] });
  });

  test('is told to be broken, with what each member says', () => {
    const look = seen(
      follower('db-1', { applier: 'stopped', applierError: { code: 1677, message: 'can not convert' } }),
      { ...follower('db-2'), errant: gtid(3) },
      replicaView('db-3'),
      primaryView('db-4'),
    );
    const { live, broken } = wayBackOf(state, look, 'db-1');
    expect(live).toEqual([]);
    expect(broken.join(' | ')).toMatch(/db-1: it can not apply.*1677.*db-2: it has transactions.*db-3: it does not follow db-4/);
  });

  test('is not there when nobody answers', () => {
    expect(wayBackOf(state, seen(primaryView('db-4')), 'db-1').live).toEqual([]);
  });
});
