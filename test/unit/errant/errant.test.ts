import fc from 'fast-check';

import { singles } from '../../../activities/mysql/accept-errant';
import { readSummary } from '../../../activities/mysql/errant';
import { errantEntries, type ErrantRecord, halfBuilt } from '../../../schemas/errant';
import { count, equal } from '../../../schemas/gtid';
import { donorFor, planErrant } from '../../../workflows/errant/decide';
import { containing } from '../../support/matchers';
import { primaryView, replicaView, seen, SOURCE, state } from '../pivot/builders';

const own = '3e11fa47-71ca-11e1-9e33-c80aa9429563:1-2';
const at = '2026-11-24T00:00:00.000Z';
const record = (more: Partial<ErrantRecord> = {}): ErrantRecord => ({
  member: 'db-3',
  epoch: 4,
  gtids: own,
  transactions: 2,
  changes: [{ table: 'app.orders', change: 'insert', rows: 7 }],
  volume: 'db-3',
  file: 'drydock-errant-epoch-4.sql',
  outcome: 'found',
  decided: '',
  at,
  ...more,
});
const diverged = seen(primaryView(), replicaView('db-2'), replicaView('db-3', 100, { errant: own }));
const well = seen(primaryView(), replicaView('db-2'), replicaView('db-3'));
const entries = (observation: typeof well, ...records: ErrantRecord[]) => errantEntries(state(), observation.members, records, at);

describe('where transactions that a member alone has stand', () => {
  test.each<[why: string, found: ReturnType<typeof entries>, expected: object[]]>([
    ['nothing', entries(well), []],
    ['seen, not decoded yet', entries(diverged), [{ member: 'db-3', state: 'waits', transactions: 2, kept: null }]],
    ['decoded', entries(diverged, record()), [{ state: 'waits', kept: 'volume db-3: drydock-errant-epoch-4.sql', changes: [{ rows: 7 }] }]],
    [
      'built anew since',
      entries(well, record({ volume: 'db-3.1' })),
      [{ state: 'set aside', kept: 'volume db-3.1: drydock-errant-epoch-4.sql' }],
    ],
    [
      'accepted',
      entries(well, record({ outcome: 'accepted', decided: 'accept by ada' })),
      [{ state: 'accepted', decided: 'accept by ada' }],
    ],
    ['gone by somebody’s hand', entries(well, record()), [{ state: 'resolved' }]],
    ['forgotten', entries(well, record({ outcome: 'forgotten' })), []],
    [
      'accepted once, and diverged again',
      entries(diverged, record({ outcome: 'accepted', at: '2026-11-23T00:00:00.000Z' })),
      [{ state: 'waits', kept: null }, { state: 'accepted' }],
    ],
  ])('%s', (_why, found, expected) => expect(found).toMatchObject(expected));
});

describe('what a person may decide about them', () => {
  const plan = (observation: typeof well, decision: 'rebuild' | 'accept' | 'forget', member: string, ...records: ErrantRecord[]) =>
    planErrant(state(), observation, { entries: entries(observation, ...records), records }, decision, member);

  test.each<[why: string, made: ReturnType<typeof plan>, refusal: RegExp | undefined]>([
    ['accept what is there', plan(diverged, 'accept', 'db-3', record()), undefined],
    ['accept what is not there', plan(well, 'accept', 'db-3', record()), /no transactions/],
    ['rebuild', plan(diverged, 'rebuild', 'db-3', record()), undefined],
    ['rebuild the primary', plan(diverged, 'rebuild', 'db-1'), /is the primary/],
    ['rebuild without a primary', plan(seen(primaryView('db-1', 1, { reach: 'refused' })), 'rebuild', 'db-3'), /does not answer/],
    [
      'rebuild the only one that acknowledges',
      plan(seen(primaryView(), replicaView('db-2', 1, { reach: 'refused' }), replicaView('db-3')), 'rebuild', 'db-3'),
      /the only one that acknowledges/,
    ],
    ['nobody', plan(diverged, 'rebuild', 'db-9'), /no member db-9/],
    ['forget what still waits', plan(diverged, 'forget', 'db-3', record()), /resolve that first/],
    ['forget what was set aside', plan(well, 'forget', 'db-3', record({ volume: 'db-3.1' })), undefined],
    ['forget nothing', plan(well, 'forget', 'db-3'), /nothing is kept/],
  ])('%s', (_why, made, refusal) => {
    if (refusal) expect(made.problems.map(({ message }) => message).join()).toMatch(refusal);
    else expect(made).toMatchObject({ problems: [], deed: expect.stringMatching(/./) as string });
  });

  test('what is deleted is named, and only what belongs to that member', () => {
    const made = plan(well, 'forget', 'db-3', record({ volume: 'db-3.1' }), record({ member: 'db-2', volume: 'db-2.1' }));
    expect(made.records).toHaveLength(1);
    expect(made.deed).toBe('delete for good volume db-3.1');
  });

  test('a member that others made is overwritten in its place, after what it has was kept; so it must answer', () => {
    const made = state();
    const adopted = { ...made, members: made.members.map((each) => ({ ...each, adopted: true as const, container: '', volume: '' })) };
    const known = { entries: errantEntries(adopted, diverged.members, [], at), records: [] };
    const silent = seen(primaryView(), replicaView('db-2'), replicaView('db-3', 1, { reach: 'refused' }));
    expect(planErrant(adopted, diverged, known, 'rebuild', 'db-3')).toMatchObject({
      problems: [],
      deed: containing('keep all that db-3 has'),
    });
    expect(planErrant(adopted, silent, known, 'rebuild', 'db-3').problems[0]?.message).toMatch(/does not answer.*start its server first/);
    expect(planErrant(adopted, diverged, known, 'accept', 'db-3').problems).toEqual([]);
  });

  test.each(['mysql', 'mariadb'] as const)('a member of %s that is half built is never accepted as it is', (engine) => {
    const found = seen(primaryView(), replicaView('db-2'), replicaView('db-3', 1, { errant: halfBuilt[engine] }));
    const known = { entries: errantEntries(state(), found.members, [], at), records: [] };
    expect(planErrant(state(), found, known, 'accept', 'db-3').problems[0]?.message).toMatch(/half built/);
    expect(planErrant(state(), found, known, 'rebuild', 'db-3').problems).toEqual([]);
  });

  test('MariaDB can accept nothing, and it is said why', () => {
    const mariadb = state({ engine: 'mariadb', version: '10.11' });
    const found = seen(primaryView('db-1', 0, { executed: { gtid: '0-1-9' } }), replicaView('db-3', 0, { errant: '0-3-7' }));
    const known = { entries: errantEntries(mariadb, found.members, [], at), records: [] };
    expect(known.entries).toMatchObject([{ gtids: '0-3-7', transactions: null }]);
    expect(planErrant(mariadb, found, known, 'accept', 'db-3').problems[0]?.message).toMatch(/gtid_strict_mode/);
  });

  test('the donor is a replica that shows the present', () => {
    expect(donorFor(state(), diverged, 'db-3')).toBe('db-2');
    expect(donorFor(state(), seen(primaryView(), replicaView('db-2', 1, { replication: { delaySeconds: 60 } })), 'db-3')).toBe('db-1');
    expect(donorFor(state(), seen(primaryView(), replicaView('db-2', 1, { errant: 'x:1' })), 'db-3')).toBe('db-1');
  });
});

test('tables, kinds of change and rows are read from what the tool prints', () => {
  const output = '0\n     12 ### INSERT INTO `app`.`orders`\n      3 ### DELETE FROM `app`.`carts`\n      1 ### UPDATE `app`.`orders`\n';
  expect(readSummary(output, 4)).toEqual({
    transactions: 4,
    changes: [
      { table: 'app.orders', change: 'insert', rows: 12 },
      { table: 'app.carts', change: 'delete', rows: 3 },
      { table: 'app.orders', change: 'update', rows: 1 },
    ],
  });
  expect(readSummary('5\n', null)).toEqual({ transactions: 5, changes: [] });
  expect(readSummary('', null)).toEqual({ transactions: null, changes: [] });
});

test('every transaction of a set gets its name, once', () => {
  expect(singles(`${SOURCE}:2-3:7`)).toEqual([`${SOURCE}:2`, `${SOURCE}:3`, `${SOURCE}:7`]);
  expect(singles(`${SOURCE}:1:tag:4-5`)).toEqual([`${SOURCE}:1`, `${SOURCE}:tag:4`, `${SOURCE}:tag:5`]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 9 })), { maxLength: 6 }), (runs) => {
      const set = runs.map(([first, more]) => `${SOURCE}:${first}-${first + more}`).join(',');
      const names = singles(set);
      return names.length === count(set) && new Set(names).size === names.length && equal(names.join(','), set);
    }),
  );
});
