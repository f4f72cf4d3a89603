/** How people tell the guard something, and decide on what a member alone has. */
import { viewOf } from '../../../client/clusters';
import type { ErrantResult } from '../../../schemas/errant';
import { healthyReplication, load } from '../guard/fixture';
import { drydock, operation, orders, progress } from './harness';

describe('cluster maintenance', () => {
  test('on, for a time', async () => {
    const { out, code, fake } = await drydock(['cluster', 'maintenance', 'orders', 'on', '--for', '30m', '--reason', 'new disk']);
    expect(code).toBe(0);
    expect(out).toContain('✓ maintenance on: the guard watches and starts nothing');
    const until = new Date(new Date(2026, 10, 24, 12, 30, 0).getTime()).toISOString();
    expect(fake.maintenance).toEqual([{ cluster: 'orders', order: { on: true, until, by: 'ada', reason: 'new disk' } }]);
  });

  test('off', async () => {
    const { fake } = await drydock(['cluster', 'maintenance', 'orders', 'off']);
    expect(fake.maintenance).toEqual([{ cluster: 'orders', order: { on: false, by: 'ada' } }]);
  });

  test.each([
    [['sometimes'], /expected on or off; found "sometimes"/],
    [['off', '--for', '30m'], /goes with on only/],
    [['on', '--for', 'a while'], /expected a duration such as 30m; found "a while"/],
    [['on', '--for', '0s'], /expected a duration/],
  ])('%j is refused, and nothing is touched', async (words, problem) => {
    const { code, err, fake } = await drydock(['cluster', 'maintenance', 'orders', ...words]);
    expect(code).toBe(2);
    expect(err).toMatch(problem);
    expect(fake.maintenance).toEqual([]);
  });
});

test('guard pause and resume steer the guard of the cluster', async () => {
  const paused = await drydock(['guard', 'pause', 'orders', '--reason', 'network work']);
  expect(paused.fake.controls).toEqual([{ id: 'guard/orders', control: 'pause', request: { by: 'ada', reason: 'network work' } }]);
  const { fake, json } = await drydock(['guard', 'resume', 'orders', '--json']);
  expect(fake.controls).toMatchObject([{ id: 'guard/orders', control: 'resume' }]);
  expect(json()).toMatchObject({ cluster: 'orders', control: 'resume' });
});

describe('cluster show', () => {
  const show = async (change: object) => {
    const cluster = { ...orders, ...change };
    return (await drydock(['cluster', 'show', 'orders'], [], { client: { cluster: () => Promise.resolve(cluster) } })).out;
  };

  test('has delayed and cascading members as a tree', async () => {
    const replica = { address: '10.213.0.9:3306', state: 'replicates', lagSeconds: 0, delaySeconds: 0 };
    const out = await show({
      replicas: [
        { ...replica, name: 'orders-1', source: 'orders-2' },
        { ...replica, name: 'orders-3', source: 'orders-5' },
        { ...replica, name: 'orders-4', source: 'orders-3' },
        { ...replica, name: 'orders-5', source: 'orders-2', delaySeconds: 3600, lagSeconds: 3600 },
        { ...replica, name: 'orders-6', source: null },
      ],
    });
    const names = [...out.matchAll(/^ +((?:└ )?orders-\d) /gm)].map(([line]) => line.trimEnd());
    expect(names.map((name) => name.trim())).toEqual(['orders-2', 'orders-1', 'orders-5', '└ orders-3', '└ orders-4', 'orders-6']);
    expect(names[4]?.indexOf('└')).toBeGreaterThan(names[3]?.indexOf('└') ?? 0);
    expect(out).toMatch(/orders-5 +delayed 60 min 00 s|orders-5 +delayed 1 h 00 min/);
  });

  test('shows everybody, even in a circle', async () => {
    const replica = { address: 'a:1', state: 'replicates', lagSeconds: 0 };
    const out = await show({
      replicas: [
        { ...replica, name: 'orders-1', source: 'orders-3' },
        { ...replica, name: 'orders-3', source: 'orders-1' },
      ],
    });
    expect(out).toMatch(/orders-1[\s\S]*orders-3/);
  });

  test('says who works on the cluster, and why the guard is held', async () => {
    const note = 'maintenance since 2026-11-24T12:00:00.000Z by ada (new disk)';
    expect(await show({ note, maintenance: { since: '2026-11-24T12:00:00.000Z' } })).toContain(`⏸ ${note}`);
    expect(await show({ note: '2 pivots within 600 s', guard: 'held' })).toContain('⏸ 2 pivots within 600 s');
  });

  test('reads from the servers who follows whom', () => {
    const { state, observation } = load({
      replicas: 3,
      members: {
        'db-3': { replication: { sourceAddress: '10.213.0.3', delaySeconds: 60 } },
        'db-4': { replication: { sourceAddress: '10.9.9.9' } },
      },
    });
    expect(healthyReplication(state).sourceAddress).toBe('10.213.0.2');
    const { replicas } = viewOf('/home', { state, findings: [], guard: 'watching', lastObservation: observation });
    expect(replicas.map(({ name, source, delaySeconds }) => [name, source, delaySeconds])).toEqual([
      ['db-2', 'db-1', 0],
      ['db-3', 'db-2', 60],
      ['db-4', '10.9.9.9:3306', 0],
    ]);
  });
});

describe('cluster errant', () => {
  const entry = {
    member: 'orders-3',
    gtids: '3e11fa47-71ca-11e1-9e33-c80aa9429563:1-2',
    transactions: 2,
    changes: [{ table: 'app.orders', change: 'insert' as const, rows: 7 }],
    kept: 'volume orders-3: drydock-errant-epoch-3.sql',
    epoch: 3,
    state: 'waits' as const,
    decided: '',
    at: '2026-11-24T12:00:00.000Z',
  };
  const result: ErrantResult = { cluster: 'orders', epoch: 3, primary: 'orders-2', entries: [entry] };
  const closed = (more: Partial<ErrantResult> = {}) =>
    operation({
      id: 'errant/orders/1',
      type: 'errant',
      status: 'COMPLETED',
      progress: progress({ state: 'done', type: 'errant' }),
      result: { ...result, ...more },
    });

  test('list says how many, which tables, and where the text is', async () => {
    const { out, fake } = await drydock(['cluster', 'errant', 'list', 'orders'], [closed()]);
    expect(fake.started).toMatchObject([{ type: 'errant', input: { cluster: 'orders', decision: 'list' } }]);
    expect(out).toMatch(/orders-3 +waits +3 +2 +app\.orders: insert 7/);
    expect(out).toContain('kept: volume orders-3: drydock-errant-epoch-3.sql');
  });

  test('resolve wants one decision', async () => {
    for (const flags of [[], ['--rebuild', '--accept']]) {
      const { code, err, fake } = await drydock(['cluster', 'errant', 'resolve', 'orders', 'orders-3', ...flags]);
      expect(code).toBe(2);
      expect(err).toContain('give one of them');
      expect(fake.started).toEqual([]);
    }
  });

  test('resolve hands on who decides, why, and what is expected', async () => {
    const words = ['--accept', '--reason', 'a test row', '--expect-epoch', '3', '--no-proof'];
    const { out, fake } = await drydock(['cluster', 'errant', 'resolve', 'orders', 'orders-3', ...words], [closed({ deed: 'it is done' })]);
    expect(fake.started[0]?.input).toMatchObject({
      decision: 'accept',
      member: 'orders-3',
      by: 'ada',
      reason: 'a test row',
      expect: { epoch: 3 },
      proof: false,
    });
    expect(out).toContain('it is done');
  });

  test('forget asks first', async () => {
    expect(await drydock(['cluster', 'errant', 'forget', 'orders', 'orders-3'])).toMatchObject({ code: 2, fake: { started: [] } });
    const { fake } = await drydock(['cluster', 'errant', 'forget', 'orders', 'orders-3', '--yes'], [closed({ entries: [] })]);
    expect(fake.started).toMatchObject([{ input: { decision: 'forget', member: 'orders-3', dryRun: false } }]);
  });
});
