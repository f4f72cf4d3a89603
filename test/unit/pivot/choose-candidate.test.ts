import fc from 'fast-check';

import { comparePositions, receivedBy } from '../../../schemas/positions';
import { acknowledgersByRule } from '../../../workflows/pivot/acknowledgers';
import { cannotFollow, compareVersions } from '../../../workflows/pivot/can-follow';
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
  const newer = replicaView('db-2', 100, { version: '9.7.4' });
  const older = replicaView('db-3', 100, { version: '8.0.33' });
  const centres = (...dataCentres: string[]): ReturnType<typeof state> => {
    const made = state();
    return { ...made, members: made.members.map((member, index) => ({ ...member, dataCentre: dataCentres[index] })) };
  };
  const both = seen(primaryView(), replicaView('db-2'), replicaView('db-3'));
  const rules = (more: object): ReturnType<typeof state> => {
    const made = centres();
    const members = made.members.map((member, index) => ({ ...member, host: `host-${index + 1}` }));
    return { ...made, members, definition: { ...made.definition, candidates: { ...made.definition.candidates, ...more } } };
  };
  table.push(
    {
      why: 'one on a host that the rules prefer',
      expected: 'db-3',
      choose: () => chooseCandidate(rules({ preferHosts: ['host-3'] }), both, { unplanned: false }).chosen,
    },
    {
      why: 'nobody on a host that the rules exclude, although it is preferred',
      expected: 'db-3',
      choose: () => chooseCandidate(rules({ neverHosts: ['host-2'], prefer: ['db-2'] }), both, { unplanned: false }).chosen,
    },
    {
      why: 'nobody on a host that the rules exclude, although it alone is left',
      expected: undefined,
      choose: () =>
        chooseCandidate(rules({ neverHosts: ['host-2', 'host-3'] }), seen(dead, replicaView('db-2')), { unplanned: true }).chosen,
    },
    {
      why: 'the lowest version, so that all others can follow',
      expected: 'db-3',
      choose: () =>
        chooseCandidate(state(), seen(primaryView(), replicaView('db-2', 100, { version: '8.0.40' }), older), { unplanned: false }).chosen,
    },
    {
      why: 'nobody of a newer series than one that must follow, in a planned pivot',
      expected: undefined,
      choose: () => chooseCandidate(state(), seen(primaryView(), newer, older), { unplanned: false, to: 'db-2' }).chosen,
    },
    {
      why: 'an older one rather than a newer one that has received as much, when the primary is lost',
      expected: 'db-3',
      choose: () => chooseCandidate(state({ candidates: { prefer: ['db-2'] } }), seen(dead, newer, older), { unplanned: true }).chosen,
    },
    {
      why: 'a newer one all the same when only it has received everything and the primary is lost',
      expected: 'db-2',
      choose: () => chooseCandidate(state(), seen(dead, newer, replicaView('db-3', 99, { version: '8.0.33' })), { unplanned: true }).chosen,
    },
    {
      why: 'a newer one when all others are as new and the lost primary was older',
      expected: 'db-2',
      choose: () =>
        chooseCandidate(state(), seen({ ...dead, version: '8.0.33' }, newer, replicaView('db-3', 100, { version: '9.7.4' })), {
          unplanned: true,
        }).chosen,
    },
    {
      why: 'one in the data centre of the primary',
      expected: 'db-3',
      choose: () => chooseCandidate(centres('north', 'south', 'north'), both, { unplanned: false }).chosen,
    },
    {
      why: 'one in a data centre that the rules prefer',
      expected: 'db-2',
      choose: () => {
        const made = centres('north', 'south', 'north');
        const definition = { ...made.definition, candidates: { ...made.definition.candidates, preferDataCentres: ['south'] } };
        return chooseCandidate({ ...made, definition }, both, { unplanned: false }).chosen;
      },
    },
  );
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
    { why: 'that lags', view: replicaView('db-2', 100, { replication: { lagSeconds: 6 } }), reason: /lags by 6 s/ },
    {
      why: 'that logs statements',
      view: replicaView('db-2', 100, { settings: { ...settings(), binlogFormat: 'STATEMENT' } }),
      reason: /STATEMENT/,
    },
    { why: 'of a newer series', view: replicaView('db-2', 100, { version: '9.7.4' }), reason: /it runs 9.7.4, which db-1 \(8.0.33\)/ },
    {
      why: 'with binary logs purged that another needs',
      view: replicaView('db-2', 100, { purged: { gtid: gtid(100) } }),
      reason: /db-3 still needs/,
    },
  ];
  test.each(ineligible)('a member $why is not promoted, and the reason is named', ({ view, reason }) => {
    const primary = primaryView('db-1', 100, { version: '8.0.33' });
    const choice = chooseCandidate(state(), seen(primary, view, replicaView('db-3', 50, { version: '8.0.33' })), { unplanned: false });
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

describe('invariants of the choice, over every mixture of rules and states', () => {
  const member = fc.record({
    received: fc.integer({ min: 0, max: 30 }),
    lag: fc.integer({ min: 0, max: 100 }),
    reach: fc.constantFrom('answers' as const, 'silent' as const),
    filtered: fc.boolean(),
    preferred: fc.boolean(),
    rule: fc.constantFrom('none', 'none', 'none', 'never', 'delayed', 'cascading'),
    delay: fc.constantFrom(0, 0, 0, 60),
    version: fc.constantFrom(undefined, '8.0.33', '8.0.40', '9.7.4'),
    format: fc.constantFrom('ROW', 'ROW', 'MIXED', 'STATEMENT'),
    dataCentre: fc.constantFrom(undefined, 'north', 'south'),
  });
  const cluster = fc.array(member, { minLength: 2, maxLength: 6 }).map((members) => {
    const names = members.map((_, index) => `db-${index + 2}`);
    const where = (rule: string): string[] => names.filter((_, index) => members[index]?.rule === rule);
    const made = state({ replicas: 0, durability: 'async', candidates: { never: where('never') } }, ['db-1', ...names]);
    const rules = Object.fromEntries([
      ...where('delayed').map((name) => [name, { delaySeconds: 3600 }]),
      ...where('cascading').map((name) => [name, { follows: 'db-1' }]),
    ]) as Record<string, { delaySeconds?: number; follows?: string }>;
    const views = members.map((each, index) =>
      replicaView(names[index] ?? '', each.received, {
        reach: each.reach,
        version: each.version,
        settings: { ...settings(), binlogFormat: each.format },
        replication: { filtered: each.filtered, lagSeconds: each.lag, drained: each.lag === 0, delaySeconds: each.delay },
      }),
    );
    return {
      state: {
        ...made,
        definition: {
          ...made.definition,
          durability: 'semi-sync' as const,
          members: rules,
          candidates: { ...made.definition.candidates, prefer: names.filter((_, index) => members[index]?.preferred) },
        },
        members: made.members.map((each, index) => ({ ...each, dataCentre: members[index - 1]?.dataCentre })),
      },
      members,
      names,
      views,
    };
  });
  const mayBe = ({ rule, filtered, delay, reach }: { rule: string; filtered: boolean; delay: number; reach: string }): boolean =>
    rule === 'none' && !filtered && delay === 0 && reach === 'answers';

  test('10,000 clusters: whom a pivot promotes, and who may acknowledge', () => {
    const primary = primaryView('db-1', 30, { version: '8.0.33' });
    fc.assert(
      fc.property(cluster, fc.nat(6), ({ state: made, members, names, views }, at) => {
        const ruleOf = (name: string | undefined) => members[names.indexOf(name ?? '')];
        const to = names[at];
        const lost = chooseCandidate(made, seen(dead, ...views), { unplanned: true });
        const asked = chooseCandidate(made, seen(dead, ...views), { unplanned: true, to }).chosen;
        const planned = chooseCandidate(made, seen(primary, ...views), { unplanned: false }).chosen;

        // Never a delayed, cascading, filtered or `never` member, whoever asks for it.
        for (const chosen of [lost.chosen, asked, planned]) {
          const taken = ruleOf(chosen);
          if (chosen !== undefined) expect(taken && mayBe(taken)).toBe(true);
        }
        // Never one that lacks an acknowledged transaction when another has it: what was acknowledged is what some acknowledger received.
        const most = Math.max(...members.filter(mayBe).map(({ received }) => received));
        for (const chosen of [lost.chosen, asked]) if (chosen !== undefined) expect(ruleOf(chosen)?.received).toBe(most);
        if (members.some(mayBe)) expect(lost.chosen).toBeDefined();
        // Whoever is not eligible has its reason.
        expect(lost.verdicts.every(({ eligible, reasons }) => eligible || reasons.length > 0)).toBe(true);
        // Nobody who follows now is left behind by a planned pivot.
        const taken = views.find(({ name }) => name === planned);
        if (taken)
          for (const other of [primary, ...views])
            if (other !== taken && other.reach === 'answers' && (other === primary || cannotFollow(other, primary) === undefined))
              expect(cannotFollow(other, taken)).toBeUndefined();
        // Who may acknowledge by rule may be promoted by rule, whoever is primary.
        const holder = ['db-1', ...names][at] ?? 'db-1';
        for (const name of acknowledgersByRule({ ...made, primary: holder })) {
          expect(name).not.toBe(holder);
          expect(['none', undefined]).toContain(ruleOf(name)?.rule);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('who can follow whom', () => {
  const server = (name: string, version?: string, binlogFormat = 'ROW') => ({ name, version, settings: { ...settings(), binlogFormat } });
  test.each([
    ['8.0.33', '8.0.40', true],
    ['8.0.40', '8.0.33', true],
    ['8.0.33', '9.7.4', true],
    ['9.7.4', '8.0.33', false],
    ['5.5.34-log', '5.6.14-log', true],
    ['5.6.14-log', '5.5.34-log', false],
    ['10.11.6-MariaDB-0+deb12u1-log', '11.8.3-MariaDB', true],
    ['11.8.3-MariaDB', '5.5.5-10.11.6-MariaDB-log', false],
    ['10.11.6-MariaDB', '8.0.33', false],
    ['8.0.33', '10.11.6-MariaDB', false],
    [undefined, '8.0.33', true],
    ['a text', '8.0.33', true],
  ])('source %s, replica %s: %s', (source, replica, can) => {
    expect(cannotFollow(server('r', replica), server('s', source)) === undefined).toBe(can);
  });
  test.each([
    ['STATEMENT', [true, false, false]],
    ['MIXED', [false, true, false]],
    ['ROW', [false, true, true]],
  ])('source %s under STATEMENT, MIXED, ROW', (source, can) => {
    expect(
      ['STATEMENT', 'MIXED', 'ROW'].map(
        (format) => cannotFollow(server('r', '8.0.33', format), server('s', '8.0.33', source)) === undefined,
      ),
    ).toEqual(can);
  });
  test('lower versions first, patch by patch', () => {
    expect(['9.7.4', '8.0.40', '8.0.33', '8.0.4'].sort(compareVersions)).toEqual(['8.0.4', '8.0.33', '8.0.40', '9.7.4']);
  });
});

function settings(): NonNullable<ReturnType<typeof replicaView>['settings']> {
  const { settings: found } = replicaView('x');
  if (!found) throw new Error('builders give settings');
  return found;
}
