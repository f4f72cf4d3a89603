import { drydock, operation, orders, progress } from './harness';

describe('cluster show and list', () => {
  test('shows roles, addresses, lag, how to connect and what the guard found', async () => {
    const { out, code } = await drydock(['cluster', 'show', 'orders']);
    expect(code).toBe(0);
    expect(out).toContain('orders  mysql 8.0, semi-sync, epoch 3, guard watching');
    expect(out).toMatch(/orders-2 +primary +10\.213\.0\.3:3306 +writable/);
    expect(out).toMatch(/orders-3 +replica +10\.213\.0\.4:3306 +stopped +\?/);
    expect(out).toContain('! ReplicationBroken (orders-3): the applier stopped: duplicate key');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('names the subscribers, what they confirmed and what they were not told yet', async () => {
    const waiting = [6, 7].map((epoch) => ({ epoch, event: 'primary' as const, since: '2026-11-24T12:00:00.000Z' }));
    const confirmed = { epoch: 3, event: 'primary' as const, at: '2026-11-24T12:00:00.000Z' };
    const subscribers = [
      { name: 'billing', kind: 'webhook' as const, confirmed, waiting: [], failed: 0, skipped: 0 },
      { name: 'dns', kind: 'consul' as const, waiting, failed: 4, lastError: 'connect ECONNREFUSED', skipped: 0 },
    ];
    const cluster = () => Promise.resolve({ ...orders, subscribers });
    const { out } = await drydock(['cluster', 'show', 'orders'], [], { client: { cluster } });
    expect(out).toMatch(/billing +webhook +3\n/);
    expect(out).toMatch(/dns +consul +nothing +6, 7 +4 failed: connect ECONNREFUSED/);
  });

  test('--json gives exactly the view of the client', async () => {
    expect((await drydock(['cluster', 'show', 'orders', '--json'])).json()).toEqual(orders);
    expect((await drydock(['cluster', 'list', '--json'])).json()).toEqual([orders]);
  });

  test('a router that is behind stands out', async () => {
    const behind = { ...orders, routers: orders.routers.map((router) => ({ ...router, epoch: 2 })) };
    expect((await drydock(['cluster', 'show', 'orders'], [], { client: { cluster: () => Promise.resolve(behind) } })).out).toContain(
      '2, behind',
    );
  });

  test('an empty list says how to create one', async () => {
    expect((await drydock(['cluster', 'list'], [], { client: { clusters: () => Promise.resolve([]) } })).out).toContain('cluster create');
  });

  test('an unknown cluster ends with 4', async () => {
    const unknown = Object.assign(new Error('no cluster nope'), { code: 'UnknownCluster', problems: [] });
    const { code, err } = await drydock(['cluster', 'show', 'nope'], [], { client: { cluster: () => Promise.reject(unknown) } });
    expect(code).toBe(4);
    expect(err).toContain('UnknownCluster  no cluster nope');
  });
});

describe('cluster delete', () => {
  const gone = operation({
    type: 'deleteCluster',
    status: 'COMPLETED',
    progress: progress({ state: 'done' }),
    result: { removed: ['orders-1'], kept: ['volume orders-1'] },
  });

  test('without a terminal it wants --yes', async () => {
    const { code, err, fake } = await drydock(['cluster', 'delete', 'orders']);
    expect(code).toBe(2);
    expect(err).toContain('nothing was touched');
    expect(err).toContain('--yes');
    expect(fake.started).toEqual([]);
  });

  test('on a terminal the name must be typed', async () => {
    const wrong = await drydock(['cluster', 'delete', 'orders'], [gone], { terminal: { interactive: true }, answers: ['y'] });
    expect(wrong.code).toBe(2);
    expect(wrong.fake.started).toEqual([]);
    const right = await drydock(['cluster', 'delete', 'orders', '--delete-data'], [gone], {
      terminal: { interactive: true },
      answers: ['orders'],
    });
    expect(right.code).toBe(0);
    expect(right.fake.started).toEqual([
      { type: 'deleteCluster', input: { cluster: 'orders', deleteData: true, removeAccounts: false, dryRun: false } },
    ]);
  });

  test('says what was removed and what kept', async () => {
    const { out, code } = await drydock(['cluster', 'delete', 'orders', '--yes'], [gone]);
    expect(code).toBe(0);
    expect(out).toMatch(/removed +orders-1/);
    expect(out).toMatch(/kept +volume orders-1/);
  });
});

describe('nobody answers', () => {
  test.each([
    Object.assign(new Error('14 UNAVAILABLE: No connection established'), { code: 14 }),
    new Error('Failed to connect before the deadline'),
    new Error('gRPC failed', { cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) }),
  ])('%s: names the address and `drydock up`', async (error) => {
    const { code, err } = await drydock(['cluster', 'list'], [], { client: { clusters: () => Promise.reject(error) } });
    expect(code).toBe(5);
    expect(err).toContain('Unreachable  no Temporal server answers at 127.0.0.1:7233');
    expect(err).toContain('npx drydock up');
  });
});

describe('platform', () => {
  test('doctor shows each check and the remedy of what is missing', async () => {
    const { out, code } = await drydock(['doctor'], [], {
      platform: {
        doctor: () =>
          Promise.resolve([
            { name: 'Docker engine', state: 'ok', found: '20.10.24 at /var/run/docker.sock' },
            { name: 'worker', state: 'missing', found: 'nobody polls', remedy: 'npx drydock up' },
          ]),
      },
    });
    expect(code).toBe(1);
    expect(out).toContain('✓ Docker engine  20.10.24');
    expect(out).toMatch(/✗ worker +nobody polls\n +→ npx drydock up/);
    expect(out).toContain('1 thing missing');
  });

  test('up says what it does and where everything is', async () => {
    const { out } = await drydock(['up'], [], {
      platform: {
        up: ({ say }) => {
          say('starting Temporal');
          return Promise.resolve({
            address: '127.0.0.1:7233',
            namespace: 'default',
            uiUrl: 'http://127.0.0.1:8233',
            home: '/home/ada/.drydock',
          });
        },
      },
    });
    expect(out).toContain('starting Temporal');
    expect(out).toContain('http://127.0.0.1:8233');
  });

  test('down --delete-data wants a confirmation', async () => {
    expect((await drydock(['down', '--delete-data'])).code).toBe(2);
  });
});
