import type { PivotPlan, PivotResult } from '../../../schemas/pivot';
import { after, drydock, operation, progress, step } from './harness';

const plan: PivotPlan = {
  cluster: 'orders',
  epoch: 3,
  nextEpoch: 4,
  from: 'orders-1',
  to: 'orders-2',
  candidates: [
    { member: 'orders-2', eligible: true, reasons: ['has everything', 'preferred'] },
    { member: 'orders-3', eligible: false, reasons: ['its applier stopped: duplicate key'] },
  ],
  problems: [],
  warnings: ['orders-3 will not follow until it is rebuilt'],
  acknowledgers: ['orders-1'],
  cutOff: { of: [], needed: 0 },
  comparable: [],
  prediction: { interruptionMs: 60, catchUpSeconds: 0, loses: 'nothing' },
};

const result: PivotResult = {
  cluster: 'orders',
  epoch: 4,
  from: 'orders-1',
  to: 'orders-2',
  unplanned: false,
  switch: {
    outcome: 'switched',
    epoch: 4,
    primary: 'orders-2',
    fence: 'read-only',
    steps: [
      { name: 'hold the routers', startMs: 0, endMs: 3 },
      { name: 'make the old primary read-only', startMs: 3, endMs: 11 },
      { name: 'open the new primary', startMs: 40, endMs: 48 },
    ],
    heldMs: 48,
    cutTransactions: 1,
    lostOld: false,
    warnings: [],
    repointed: ['orders-3'],
    routersConfirmed: ['router-1'],
    routersMissing: [],
  },
  repointed: ['orders-3', 'orders-1'],
  aside: [],
  proof: 'proof/orders/4',
};

const finished = (change = {}) =>
  operation({
    status: 'COMPLETED',
    closedAt: after(900),
    result: { ...result, progress: progress() },
    progress: progress({
      state: 'done',
      steps: [step('look at the cluster', 'done', 0, 120, 'three members answer'), step('switch the primary', 'done', 120, 168)],
    }),
    uiUrl: 'http://127.0.0.1:8233/namespaces/default/workflows/pivot',
    ...change,
  });

describe('pivot', () => {
  test('sends what the flags say', async () => {
    const { fake, code } = await drydock(
      [
        ...['pivot', 'orders', '--to', 'orders-2', '--expect-primary', 'orders-1', '--expect-epoch', '3', '--approval', 'before-switch'],
        ...['--timeout', '30m', '--on-timeout', 'ask-again', '--reason', 'kernel update', '--transaction-bound', '200', '--no-proof'],
      ],
      [finished()],
    );
    expect(code).toBe(0);
    expect(fake.started).toEqual([
      {
        type: 'pivot',
        input: {
          cluster: 'orders',
          to: 'orders-2',
          unplanned: false,
          reason: 'kernel update',
          dryRun: false,
          expect: { primary: 'orders-1', epoch: 3 },
          approval: { gates: ['before-switch'], timeoutSeconds: 1800, onTimeout: 'ask-again' },
          transactionBoundMs: 200,
          proof: false,
        },
      },
    ]);
  });

  test('names all problems of its flags by the flags', async () => {
    const { code, err } = await drydock(['pivot', 'Orders', '--timeout', '1y', '--transaction-bound', '99999', '--expect-epoch', '0']);
    expect(code).toBe(2);
    for (const flag of ['CLUSTER', '--timeout', '--transaction-bound', '--expect-epoch']) expect(err).toContain(`  ${flag}: `);
  });

  test('a dry run shows the candidates with their reasons and the prediction', async () => {
    const { out, code, fake } = await drydock(['pivot', 'orders', '--dry-run'], [finished({ result: { plan } })]);
    expect(code).toBe(0);
    expect(fake.started[0]).toMatchObject({ input: { dryRun: true } });
    expect(out).toContain('orders-1 → orders-2, epoch 3 → 4  would go ahead');
    expect(out).toMatch(/→ {2}orders-2 +yes +has everything; preferred/);
    expect(out).toMatch(/✗ {2}orders-3 +no +its applier stopped: duplicate key/);
    expect(out).toContain('writes wait about 60 ms; loses nothing');
    expect(out).toContain('nothing was touched');
  });

  test('a dry run that would be refused lists every reason and predicts nothing', async () => {
    const refused = {
      ...plan,
      to: '',
      problems: [
        { path: 'members.orders-2', message: 'lags 40 s' },
        { path: 'members.orders-3', message: 'broken' },
      ],
    };
    const { out } = await drydock(['pivot', 'orders', '--dry-run'], [finished({ result: { plan: refused } })]);
    expect(out).toContain('would be refused');
    expect(out).toContain('members.orders-2: lags 40 s');
    expect(out).toContain('members.orders-3: broken');
    expect(out).not.toContain('predicted');
  });

  test('the end says from whom to whom, how long clients were held and where the time went', async () => {
    const { out } = await drydock(['pivot', 'orders'], [finished()]);
    expect(out).toContain('Pivot of orders: orders-1 → orders-2, epoch 4, clients held 48 ms');
    expect(out).toMatch(/make the old primary read-only +8 ms {2}·+━+·+/);
    expect(out).toContain('it was read-only when it was read back');
    expect(out).toContain('1 transaction');
    expect(out).toContain('router-1 confirmed epoch 4');
    expect(out).toContain('proof/orders/4');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('a router that did not confirm and a member left aside are warned of', async () => {
    const { out } = await drydock(
      ['pivot', 'orders'],
      [
        finished({
          result: {
            ...result,
            aside: [{ member: 'orders-3', reason: 'does not answer' }],
            switch: { ...result.switch, routersMissing: ['router-2'] },
          },
        }),
      ],
    );
    expect(out).toContain('! not confirmed by router-2');
    expect(out).toContain('! orders-3 does not follow yet: does not answer');
  });

  test('with --json the only document on standard output is the operation, the steps go to standard error', async () => {
    const { json, err } = await drydock(['pivot', 'orders', '--json'], [finished()]);
    expect(json()).toMatchObject({ id: 'pivot/orders/7', status: 'COMPLETED', result: { switch: { heldMs: 48 } } });
    expect(err).toContain('✓ look at the cluster');
  });

  test.each([
    ['PrecheckFailed', 3],
    ['Conflict', 3],
    ['ExpectationFailed', 3],
    ['UnknownCluster', 4],
    ['SwitchFailed', 1],
    ['Aborted', 1],
    ['InvalidInput', 2],
  ])('a failure with code %s ends with exit code %i and every problem', async (failure, expected) => {
    const { code, out } = await drydock(
      ['pivot', 'orders'],
      [
        operation({
          status: 'FAILED',
          failure: { code: failure, message: 'not fit', problems: [{ path: 'members.orders-2', message: 'lags 40 s' }] },
        }),
      ],
    );
    expect(code).toBe(expected);
    expect(out).toContain(`${failure}  not fit`);
    expect(out).toContain('members.orders-2: lags 40 s');
  });
});
