import fc from 'fast-check';

import type { Series } from '../../../schemas/upgrade';
import { compareSeries, findPair, seriesOf, versionPairs } from '../../../workflows/upgrade/version-pairs';

const series = (text: string): Series => {
  const [engine, number] = text.split(' ');
  return { engine: engine as Series['engine'], series: number ?? '' };
};

describe('pairs that were measured', () => {
  test.each([
    ['mysql 5.5', 'mysql 5.6', 'file', 'physical, logical'],
    ['mysql 5.6', 'mysql 8.0', 'gtid', 'logical'],
    ['mysql 8.0', 'mysql 9.7', 'gtid', 'logical'],
    ['mariadb 10.5', 'mariadb 10.11', 'gtid', 'physical, logical'],
    ['mariadb 10.5', 'mariadb 11.8', 'gtid', 'physical, logical'],
    ['mariadb 10.11', 'mariadb 11.8', 'gtid', 'physical, logical'],
    ['mysql 5.5', 'mysql 5.5', 'file', 'physical, logical'],
    ['mysql 8.0', 'mysql 8.0', 'gtid', 'physical, logical'],
  ])('%s to %s finds its place by %s and is seeded %s', (from, to, places, seeding) => {
    expect(findPair(series(from), series(to))).toMatchObject({ places });
    const found = findPair(series(from), series(to));
    expect('seeding' in found && found.seeding.map(({ kind }) => kind).join(', ')).toBe(seeding);
  });

  test('the way back of 5.5 to 5.6 is live after a physical copy, with the settings that it needs', () => {
    expect(findPair(series('mysql 5.5'), series('mysql 5.6'))).toMatchObject({
      seeding: [{ kind: 'physical', upgradeTool: 'mysql_upgrade' }, { kind: 'logical' }],
      settings: { gtid_mode: 'OFF' },
      wayBack: {
        physical: { kind: 'live', settings: { binlog_checksum: 'NONE', log_bin_use_v1_row_events: '1' } },
      },
    });
  });

  test('11.8 writes for 10.5 only without the new names of collations', () => {
    expect(findPair(series('mariadb 10.5'), series('mariadb 11.8'))).toMatchObject({
      wayBack: { physical: { settings: { 'character-set-collations': '' } } },
    });
  });

  test('what was not seen itself is told', () => {
    expect(findPair(series('mariadb 10.11'), series('mariadb 11.8'))).toMatchObject({
      unseen: ['the logical seed'],
    });
    expect(findPair(series('mysql 8.0'), series('mysql 9.7'))).toMatchObject({ unseen: [] });
  });
});

describe('pairs that are refused', () => {
  test.each([
    ['mysql 5.5', 'mysql 8.0', /nobody has measured/, /MySQL 5\.6, then MySQL 8\.0/],
    ['mysql 5.5', 'mysql 9.7', /nobody has measured/, /MySQL 5\.6, then MySQL 8\.0, then MySQL 9\.7/],
    ['mysql 8.0', 'mysql 5.6', /older than/, /rollback/],
    ['mariadb 11.8', 'mariadb 10.11', /older than/, /rollback/],
    ['mysql 8.0', 'mariadb 11.8', /do not replicate into each other/, /stays with MySQL/],
    ['mysql 8.0', 'mysql 8.4', /nobody has measured/, /known from MySQL 8\.0 are MySQL 9\.7/],
    ['mysql 9.7', 'mysql 10.0', /nobody has measured/, /are none/],
  ])('%s to %s', (from, to, reason, remedy) => {
    expect(findPair(series(from), series(to))).toEqual({
      refused: expect.stringMatching(reason) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
  });
});

test('every way of a pair starts with a recipe that has a way back', () => {
  for (const pair of versionPairs) for (const { kind } of pair.seeding) expect(pair.wayBack[kind]).toBeDefined();
});

test('nothing ever goes to an older series or to another engine', () => {
  const any = fc.record({
    engine: fc.constantFrom('mysql' as const, 'mariadb' as const),
    series: fc.tuple(fc.integer({ min: 5, max: 12 }), fc.integer({ min: 0, max: 12 })).map(([major, minor]) => `${major}.${minor}`),
  });
  fc.assert(
    fc.property(any, any, (from, to) => {
      const found = findPair(from, to);
      if ('refused' in found) return found.remedy !== '';
      return from.engine === to.engine && compareSeries(to, from) >= 0;
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['5.6.14', 'mysql', '5.6'],
  ['8.0.33', 'mysql', '8.0'],
  ['5.5.5-10.11.6-MariaDB-0+deb12u1-log', 'mariadb', '10.11'],
  ['11.8', 'mariadb', '11.8'],
])('%s is of series %s %s', (version, engine, expected) => {
  expect(seriesOf(engine as Series['engine'], version)).toEqual({ engine, series: expected });
});
