import fc from 'fast-check';

import type { MemberView } from '../../../schemas/observation';
import { cutOffNeeded } from '../../../workflows/pivot/acknowledgers';
import { planPivot, unmetExpectations } from '../../../workflows/pivot/plan';
import { primaryView, replicaView, seen, state } from './builders';

const planned = { unplanned: false, transactionBoundMs: 500 };
const plan = (primary: MemberView, ...replicas: MemberView[]) => planPivot(state(), seen(primary, ...replicas), planned);

describe('plan of a pivot', () => {
  test('a healthy cluster has no problem, and the plan says who acknowledges', () => {
    const made = plan(primaryView(), replicaView('db-2'), replicaView('db-3'));
    expect(made.problems).toEqual([]);
    expect(made).toMatchObject({
      from: 'db-1',
      to: 'db-2',
      epoch: 4,
      nextEpoch: 5,
      acknowledgers: ['db-3'],
      cutOff: { of: ['db-2', 'db-3'], needed: 2 },
    });
    expect(made.prediction.loses).toBe('nothing that was acknowledged');
  });

  test('all problems are reported together, each with its path', () => {
    const made = plan(
      primaryView('db-1', 100, {
        longWork: [
          { kind: 'ddl', connection: 7, user: 'app', seconds: 1, statement: 'ALTER TABLE t' },
          { kind: 'transaction', connection: 8, user: 'app', seconds: 60, statement: 'UPDATE t' },
        ],
        blockers: [{ kind: 'global-read-lock', detail: 'connection 9', seconds: 3 }],
        privilegedApplications: ['app@%'],
        semiSync: undefined,
      }),
      replicaView('db-2', 100, { replication: { receiver: 'connecting' } }),
      replicaView('db-3', 100, { errant: 'x:1' }),
    );
    expect(made.problems.map(({ path }) => path)).toEqual([
      'members.db-1.connections.7',
      'members.db-1.connections.8',
      'members.db-1',
      'members.db-2',
      'accounts.app@%',
      'members',
    ]);
    expect(made.warnings.join()).toContain('db-3 has transactions that the primary lacks');
  });

  const table: { why: string; made: () => ReturnType<typeof plan>; message: RegExp }[] = [
    {
      why: 'primary dead',
      made: () => plan(primaryView('db-1', 1, { reach: 'refused' }), replicaView('db-2'), replicaView('db-3')),
      message: /does not answer/,
    },
    {
      why: 'primary read-only',
      made: () => plan(primaryView('db-1', 1, { readOnly: true }), replicaView('db-2'), replicaView('db-3')),
      message: /read-only/,
    },
    {
      why: 'later epoch on a member',
      made: () => plan(primaryView(), replicaView('db-2', 100, { journal: { epoch: 5, primary: 'db-2' } }), replicaView('db-3')),
      message: /journal is at epoch 5/,
    },
    {
      why: 'no replica',
      made: () => planPivot(state({ replicas: 0, durability: 'async' }, ['db-1']), seen(primaryView()), planned),
      message: /nobody may be promoted/,
    },
    {
      why: 'unknown target',
      made: () => planPivot(state(), seen(primaryView(), replicaView('db-2')), { ...planned, to: 'db-9' }),
      message: /no member db-9/,
    },
    {
      why: 'target is primary',
      made: () => planPivot(state(), seen(primaryView(), replicaView('db-2')), { ...planned, to: 'db-1' }),
      message: /primary already/,
    },
  ];
  test.each(table)('refused: $why', ({ made, message }) =>
    expect(
      made()
        .problems.map((each) => each.message)
        .join('\n'),
    ).toMatch(message),
  );

  test('a planned pivot promotes nobody who lags, and says who does by how much; the cluster file sets the bound', () => {
    const views = [
      primaryView(),
      replicaView('db-2', 100, { replication: { lagSeconds: 8 } }),
      replicaView('db-3', 100, { replication: { lagSeconds: 9 } }),
    ];
    const made = planPivot(state(), seen(...views), planned);
    expect(made.to).toBe('');
    expect(made.candidates.map(({ reasons }) => reasons)).toEqual([
      ['it lags by 8 s, at most 5 s is allowed'],
      ['it lags by 9 s, at most 5 s is allowed'],
    ]);
    expect(planPivot(state({ candidates: { maxLagSeconds: 8 } }), seen(...views), planned)).toMatchObject({ to: 'db-2', problems: [] });
  });

  test('an unplanned pivot waits for the backlog, and says for how long', () => {
    const lags = { drained: false, lagSeconds: 40 };
    const made = planPivot(
      state(),
      seen(
        primaryView('db-1', 1, { reach: 'refused' }),
        replicaView('db-2', 100, { replication: lags }),
        replicaView('db-3', 100, { replication: lags }),
      ),
      { ...planned, unplanned: true },
    );
    expect(made).toMatchObject({ to: 'db-2', problems: [], prediction: { catchUpSeconds: 40 } });
    expect(made.warnings.join()).toContain('db-2 lags by 40 s');
  });

  test('delayed and cascading members are none of those that may have acknowledged', () => {
    const made = planPivot(
      state({ replicas: 4, members: { 'db-4': { delaySeconds: 60 }, 'db-5': { follows: 'db-2' } } }, [
        'db-1',
        'db-2',
        'db-3',
        'db-4',
        'db-5',
      ]),
      seen(primaryView(), ...['db-2', 'db-3', 'db-4', 'db-5'].map((name) => replicaView(name))),
      planned,
    );
    expect(made).toMatchObject({ acknowledgers: ['db-3'], cutOff: { of: ['db-2', 'db-3'], needed: 2 }, problems: [] });
  });

  test('without GTID every replica must be near, since a laggard would have to be rebuilt', () => {
    const coordinates = { file: { file: 'binlog.000001', position: 100 } };
    const old = (name: string, lagSeconds: number) =>
      replicaView(name, 0, { executed: coordinates, replication: { received: coordinates, applied: coordinates, lagSeconds } });
    const made = planPivot(
      state({ version: '5.5' }),
      seen(primaryView('db-1', 0, { executed: coordinates }), old('db-2', 0), old('db-3', 60)),
      planned,
    );
    expect(made.problems).toEqual([{ path: 'members.db-3', message: 'lags by 60 s; without GTID it would have to be rebuilt' }]);
  });

  test('expectations that reality does not confirm are all named', () => {
    expect(unmetExpectations(state(), { primary: 'db-2', epoch: 9 })).toHaveLength(2);
    expect(unmetExpectations(state(), { primary: 'db-1', epoch: 4 })).toEqual([]);
  });

  test('after cutting off N-k+1 of N no k receipts can come together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 15 }), (of, required) => {
        fc.pre(required <= of);
        return of - cutOffNeeded(of, required) < required;
      }),
    );
  });
});
