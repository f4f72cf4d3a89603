/**
 * Which version can follow which, how its members are seeded, and what the way back can do. Pure. Every row was measured on these very
 * servers; what only follows from other measurements is named in `unseen`. docs/upgrade.md has the same table in words.
 */
import type { SeedingRecipe, Series, VersionPair, WayBack } from '../../schemas/upgrade';

/** Data of 521 MB until they had caught up, the slower of what was seen, on two cores. */
const measuredMb = 521;
const secondsPerMb = { copy: 7.7 / measuredMb, mariadb: 3.3 / measuredMb, logical: 40 / measuredMb };

const mysql = (series: string): Series => ({ engine: 'mysql', series });
const mariadb = (series: string): Series => ({ engine: 'mariadb', series });

const logical = (reason: string): SeedingRecipe => ({ kind: 'logical', reason, secondsPerMb: secondsPerMb.logical });

const mariadbCopy: SeedingRecipe = {
  kind: 'physical',
  upgradeTool: 'mariadb-upgrade',
  reason: 'the files of a stopped replica are taken as they are, and mariadb-upgrade brings the system tables up to date',
  secondsPerMb: secondsPerMb.mariadb,
};

const live = (reason: string, more: Partial<Pick<WayBack, 'settings' | 'brokenBy'>> = {}): WayBack => ({
  kind: 'live',
  reason,
  settings: {},
  brokenBy: [],
  ...more,
});

const beyond11 = ['a TIMESTAMP beyond 2038', 'a column of type UUID', 'grants that the older version does not know'];

/** With GTID 5.6 does not follow 5.5 at all. */
const withoutGtid = { gtid_mode: 'OFF', enforce_gtid_consistency: 'OFF' };

/** What 5.5 can read. */
const readableBy55 = { binlog_checksum: 'NONE', log_bin_use_v1_row_events: '1', binlog_rows_query_log_events: 'OFF' };

const slower = 'slower, and accounts go apart';

export const versionPairs: readonly VersionPair[] = [
  {
    from: mysql('5.5'),
    to: mysql('5.6'),
    places: 'file',
    settings: withoutGtid,
    seeding: [
      {
        kind: 'physical',
        upgradeTool: 'mysql_upgrade',
        reason: 'the files of a stopped replica keep the temporal format of 5.5, without which the way back is not live',
        secondsPerMb: secondsPerMb.copy,
      },
      logical(`${slower}; temporal columns get the format of 5.6`),
    ],
    wayBack: {
      physical: live('5.5 applies what 5.6 writes while tables keep the format of 5.5 and both run without GTID', {
        settings: readableBy55,
        brokenBy: [
          'a table that is rebuilt, or a new column with a time of day, since it gets the temporal format of 5.6',
          'a DATETIME with fractions, or with DEFAULT CURRENT_TIMESTAMP',
          'row events of version 2, checksums, or the statement beside the rows in the binary log',
        ],
      }),
      logical: live('5.5 applies what 5.6 writes while no table has a column with a time of day', {
        settings: readableBy55,
        brokenBy: ['a column with a time of day, a rebuilt or new one too: it has the temporal format of 5.6'],
      }),
    },
    unseen: [],
  },
  {
    from: mysql('5.6'),
    to: mysql('8.0'),
    places: 'gtid',
    settings: {},
    seeding: [logical('8.0 does not start on files of 5.6')],
    wayBack: {
      logical: live('5.6 applies what 8.0 writes', {
        brokenBy: ['a session that uses one of the 0900 collations, which are the default of new clients'],
      }),
    },
    unseen: [],
  },
  {
    from: mysql('8.0'),
    to: mysql('9.7'),
    places: 'gtid',
    settings: {},
    seeding: [logical('9.7 refuses files of 8.0')],
    wayBack: { logical: live('8.0 applies what 9.7 writes, by GTID', { brokenBy: ['a column of type VECTOR'] }) },
    unseen: [],
  },
  {
    from: mariadb('10.5'),
    to: mariadb('10.11'),
    places: 'gtid',
    settings: {},
    seeding: [mariadbCopy, logical(slower)],
    wayBack: { physical: live('10.5 applies what 10.11 writes'), logical: live('10.5 applies what 10.11 writes') },
    unseen: ['the logical seed'],
  },
  {
    from: mariadb('10.5'),
    to: mariadb('11.8'),
    places: 'gtid',
    settings: {},
    seeding: [mariadbCopy, logical(slower)],
    wayBack: {
      physical: live('10.5 applies what 11.8 writes while its collations have the old names', {
        settings: { 'character-set-collations': '' },
        brokenBy: beyond11,
      }),
      logical: live('10.5 applies what 11.8 writes while its collations have the old names', {
        settings: { 'character-set-collations': '' },
        brokenBy: beyond11,
      }),
    },
    unseen: ['the logical seed'],
  },
  {
    from: mariadb('10.11'),
    to: mariadb('11.8'),
    places: 'gtid',
    settings: {},
    seeding: [mariadbCopy, logical(slower)],
    wayBack: {
      physical: live('10.11 applies what 11.8 writes', { brokenBy: beyond11 }),
      logical: live('10.11 applies what 11.8 writes', { brokenBy: beyond11 }),
    },
    unseen: ['the logical seed'],
  },
];

/** A change of the schema only: the same files, the same replication. */
function sameSeries(series: Series): VersionPair {
  const fast = series.engine === 'mariadb' ? secondsPerMb.mariadb : secondsPerMb.copy;
  return {
    from: series,
    to: series,
    places: series.engine === 'mysql' && series.series === '5.5' ? 'file' : 'gtid',
    settings: {},
    seeding: [{ kind: 'physical', reason: 'the files of a stopped replica are taken as they are', secondsPerMb: fast }, logical(slower)],
    wayBack: { physical: live('both run the same version'), logical: live('both run the same version') },
    unseen: [],
  };
}

/** Major and minor of `5.6.14`, `10.11` or `10.11.6-MariaDB-log`. */
export function seriesOf(engine: Series['engine'], version: string): Series {
  const match = /^(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-(?=\d+\.\d+\.\d+-mariadb)/i, ''));
  if (!match) throw new RangeError(`not a server version: ${version}`);
  return { engine, series: `${Number(match[1])}.${Number(match[2])}` };
}

export const seriesText = ({ engine, series }: Series): string => `${engine === 'mysql' ? 'MySQL' : 'MariaDB'} ${series}`;

const same = (a: Series, b: Series): boolean => a.engine === b.engine && a.series === b.series;

/** Numbers, since 10.11 is newer than 10.5. */
export function compareSeries(a: Series, b: Series): number {
  const [[aMajor = 0, aMinor = 0], [bMajor = 0, bMinor = 0]] = [a, b].map(({ series }) => series.split('.').map(Number)) as [
    number[],
    number[],
  ];
  return aMajor - bMajor || aMinor - bMinor;
}

/** What is known of a pair, or in words why there is no way. */
export function findPair(from: Series, to: Series): VersionPair | { refused: string; remedy: string } {
  if (from.engine !== to.engine)
    return {
      refused: `${seriesText(from)} and ${seriesText(to)} do not replicate into each other safely`,
      remedy: `an upgrade stays with ${from.engine === 'mysql' ? 'MySQL' : 'MariaDB'}; another engine is a move of the data by dump and load`,
    };
  if (same(from, to)) return sameSeries(from);
  if (compareSeries(to, from) < 0)
    return {
      refused: `${seriesText(to)} is older than ${seriesText(from)}, and an older server can not follow a newer one safely`,
      remedy: 'inside the window of an upgrade go back with `npx drydock op rollback`; beyond it, by dump and load',
    };
  const pair = versionPairs.find((each) => same(each.from, from) && same(each.to, to));
  if (pair) return pair;
  const hops = hopsBetween(from, to);
  const known = versionPairs.filter((each) => same(each.from, from)).map((each) => seriesText(each.to));
  return {
    refused: `nobody has measured how ${seriesText(to)} follows ${seriesText(from)}`,
    remedy:
      hops.length > 0
        ? `go by ${hops.map(seriesText).join(', then ')}: one upgrade after the other`
        : `known from ${seriesText(from)} are ${known.join(', ') || 'none'}`,
  };
}

/** The fewest upgrades that lead there, by their targets; empty when none do. */
function hopsBetween(from: Series, to: Series): Series[] {
  let ways: Series[][] = [[from]];
  for (let hops = 0; hops < versionPairs.length; hops++) {
    ways = ways.flatMap((way) => versionPairs.filter((pair) => same(pair.from, way.at(-1) as Series)).map((pair) => [...way, pair.to]));
    const found = ways.find((way) => same(way.at(-1) as Series, to));
    if (found) return found.slice(1);
  }
  return [];
}
