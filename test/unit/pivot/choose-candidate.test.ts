import fc from 'fast-check';

import { comparePositions, receivedBy } from '../../../schemas/positions';
import { chooseCandidate } from '../../../workflows/pivot/choose-candidate';
import { gtid, primaryView, replicaView, seen, state } from './builders';

const dead = primaryView('db-1', 100, { reach: 'refused' });

describe('choice of the candidate', () => {
  const table: { why: string; expected: string | undefined; choose: () => string | undefined }[] = [
    {
      why: 'the first by name when all are equal',
      expected: 'db-2',
      choose: () => chooseCandidate(state(), seen(primaryView(), replicaView('db-2'), replicaView('db-3')), { unplanned: false }).chosen,
    },
    {
      why: 'data before rules: the one that received most, whatever is preferred',
      expected: 'db-3',
      choose: () =>
        chooseCandidate(state({ candidates: { prefer: ['db-2'] } }), seen(dead, replicaView('db-2', 99), replicaView('db-3', 100)), {
          unplanned: true,
        }).chosen,
    },
    {
      why: 'the preferred one when data are equal',
      expected: 'db-3',
      choose: () =>
        chooseCandidate(state({ candidates: { prefer: ['db-3'] } }), seen(dead, replicaView('db-2'), replicaView('db-3')), {
          unplanned: true,
        }).chosen,
    },
    {
      why: 'a smaller backlog when data are equal',
      expected: 'db-3',
      choose: () =>
        chooseCandidate(
          state(),
          seen(dead, replicaView('db-2', 100, { replication: { drained: false, lagSeconds: 60 } }), replicaView('db-3')),
          { unplanned: true },
        ).chosen,
    },
    {
      why: 'lag does not count in a planned pivot: everybody is brought to the end',
      expected: 'db-2',
      choose: () =>
        chooseCandidate(state(), seen(primaryView(), replicaView('db-2', 99), replicaView('db-3', 100)), { unplanned: false }).chosen,
    },
    {
      why: 'one whose applier was only stopped, when it received most and the primary is lost',
      expected: 'db-2',
      choose: () =>
        chooseCandidate(state(), seen(dead, replicaView('db-2', 110, { replication: { applier: 'stopped' } }), replicaView('db-3', 100)), {
          unplanned: true,
        }).chosen,
    },
    {
      why: 'not one whose applier was stopped, in a planned pivot',
      expected: 'db-3',
      choose: () =>
        chooseCandidate(
          state(),
          seen(primaryView(), replicaView('db-2', 100, { replication: { applier: 'stopped' } }), replicaView('db-3')),
          {
            unplanned: false,
          },
        ).chosen,
    },
    {
      why: 'never by rule',
      expected: 'db-3',
      choose: () =>
        chooseCandidate(state({ candidates: { never: ['db-2'] } }), seen(primaryView(), replicaView('db-2'), replicaView('db-3')), {
          unplanned: false,
        }).chosen,
    },
    {
      why: 'nobody when the one asked for may not be promoted',
      expected: undefined,
      choose: () =>
        chooseCandidate(state({ candidates: { never: ['db-2'] } }), seen(primaryView(), replicaView('db-2'), replicaView('db-3')), {
          unplanned: false,
          to: 'db-2',
        }).chosen,
    },
    {
      why: 'not the one asked for when it lacks what another received',
      expected: undefined,
      choose: () =>
        chooseCandidate(state(), seen(dead, replicaView('db-2', 99), replicaView('db-3', 100)), { unplanned: true, to: 'db-2' }).chosen,
    },
  ];
  test.each(table)('$why', ({ expected, choose }) => expect(choose()).toBe(expected));

  const ineligible: { why: string; view: ReturnType<typeof replicaView>; reason: RegExp }[] = [
    {
      why: 'without log_slave_updates',
      view: replicaView('db-2', 100, { settings: { ...settings(), logReplicaUpdates: false } }),
      reason: /log_slave_updates/,
    },
    { why: 'with filters', view: replicaView('db-2', 100, { replication: { filtered: true } }), reason: /filters/ },
    { why: 'delayed', view: replicaView('db-2', 100, { replication: { delaySeconds: 3600 } }), reason: /delayed/ },
    { why: 'with gaps', view: replicaView('db-2', 100, { replication: { mayHaveGaps: true } }), reason: /gaps/ },
    { why: 'with errant transactions', view: replicaView('db-2', 100, { errant: 'x:1' }), reason: /primary lacks: x:1/ },
    { why: 'that does not answer', view: replicaView('db-2', 100, { reach: 'silent', error: 'no answer' }), reason: /no answer/ },
    {
      why: 'whose applier broke',
      view: replicaView('db-2', 100, { replication: { applierError: { code: 1062, message: 'Duplicate' } } }),
      reason: /1062/,
    },
    {
      why: 'with binary logs purged that another needs',
      view: replicaView('db-2', 100, { purged: { gtid: gtid(100) } }),
      reason: /db-3 still needs/,
    },
  ];
  test.each(ineligible)('a member $why is not promoted, and the reason is named', ({ view, reason }) => {
    const choice = chooseCandidate(state(), seen(primaryView(), view, replicaView('db-3', 50)), { unplanned: false });
    expect(choice.chosen).toBe('db-3');
    expect(choice.verdicts.find((verdict) => verdict.member === 'db-2')?.reasons.join()).toMatch(reason);
  });

  test('coordinates are compared by the number of the binary log', () => {
    const at = (file: string, position: number) => ({ file: { file, position } });
    expect(comparePositions(at('binlog.1000000', 4), at('binlog.999999', 500))).toBe('more');
    expect(comparePositions(at('binlog.000002', 4), at('binlog.000002', 4))).toBe('same');
  });

  const runs = process.env['DRYDOCK_TEST_ALL'] ? 10_000 : 1_000;
  test('an unplanned pivot never promotes a member that lacks what another eligible one received', () => {
    const member = fc.record({
      received: fc.integer({ min: 0, max: 50 }),
      lag: fc.integer({ min: 0, max: 100 }),
      answers: fc.boolean(),
      filtered: fc.boolean(),
      preferred: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(member, { minLength: 2, maxLength: 6 }), (members) => {
        const names = members.map((_, index) => `db-${index + 2}`);
        const prefer = names.filter((_, index) => members[index]?.preferred);
        const views = members.map((each, index) =>
          replicaView(names[index] ?? '', each.received, {
            reach: each.answers ? 'answers' : 'silent',
            replication: { filtered: each.filtered, lagSeconds: each.lag, drained: each.lag === 0 },
          }),
        );
        const choice = chooseCandidate(state({ candidates: { prefer } }, ['db-1', ...names]), seen(dead, ...views), { unplanned: true });
        const chosen = views.find((view) => view.name === choice.chosen);
        const fit = views.filter((view) => view.reach === 'answers' && !view.replication?.filtered);
        if (fit.length === 0) return choice.chosen === undefined;
        return (
          chosen !== undefined &&
          fit.includes(chosen) &&
          fit.every((other) => ['same', 'more'].includes(comparePositions(receivedBy(chosen), receivedBy(other))))
        );
      }),
      { numRuns: runs },
    );
  });
});

function settings(): NonNullable<ReturnType<typeof replicaView>['settings']> {
  const { settings: found } = replicaView('x');
  if (!found) throw new Error('builders give settings');
  return found;
}
