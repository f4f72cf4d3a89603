/** What the tables hold that the new version, the comparison or the way back can't deal with. */
import { acceptable, cut, isAtLeast, named, type PreflightCheck, refused } from './context';

/** Rows up to which docs/equality.md compares a table in one piece. */
const comparedWhole = 200_000;

export const notInnodb: PreflightCheck = ({ examination: { notInnodb: list }, target }) => [
  ...list.items.map(({ table, engine, partitioned }) =>
    partitioned && target.engine === 'mysql' && isAtLeast(target, 8, 0)
      ? refused(
          'NotInnodb',
          table,
          `it is partitioned in ${engine}, which the new version does not have`,
          `ALTER TABLE ${table} ENGINE=InnoDB`,
        )
      : acceptable(
          'NotInnodb',
          table,
          `its engine is ${engine}: no snapshot covers it, so it is not compared, a donor stands still while it is copied, and a crash may damage it`,
          `ALTER TABLE ${table} ENGINE=InnoDB`,
        ),
  ),
  ...cut('NotInnodb', list.more),
];

export const missingPrimaryKey: PreflightCheck = ({ examination: { withoutKey: list } }) => [
  ...list.items.map(({ table, rows }) => {
    const remedy = `ALTER TABLE ${table} ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, or a key of its own columns`;
    const slow =
      'it has no primary key, and no unique one of columns that are never NULL: each changed row is looked for in the whole table by every applier';
    return rows > comparedWhole
      ? acceptable('MissingPrimaryKey', table, `${slow}; with about ${rows} rows it can't be compared either`, remedy)
      : named('MissingPrimaryKey', table, slow, remedy);
  }),
  ...cut('MissingPrimaryKey', list.more),
];

export const oldTemporal: PreflightCheck = ({ examination: { oldTemporal: list }, seeding, from, target }) => {
  const across = from.series !== target.series;
  const remedy = 'after the window: ALTER TABLE ... FORCE on one member after the other, or leave it';
  const message = (type: string): string =>
    seeding?.kind === 'logical'
      ? `${type} gets the temporal format of the new version, which the old one can not apply`
      : `${type} keeps the temporal format of 5.5, on which the way back depends; whatever rebuilds the table ends it`;
  // Without a change of the version all members have the same.
  if (!across) return [];
  return [
    ...list.items.map(({ table, column, type }) => named('OldTemporal', `${table}.${column}`, message(type), remedy)),
    ...cut('OldTemporal', list.more),
  ];
};

/** MySQL 8.0 refuses zero dates by its default sql_mode, 5.5 and 5.6 do not; MariaDB takes them. */
export const zeroDates: PreflightCheck = ({ state, examination: { zeroDates: list, searchedInPart }, from, target }) => {
  // A sql_mode in the cluster's settings goes with it, whatever the version's default.
  const keepsMode = state.definition.settings['sql_mode'] !== undefined;
  const becomesStrict = target.engine === 'mysql' && isAtLeast(target, 8, 0) && !isAtLeast(from, 8, 0) && !keepsMode;
  return [
    ...list.items.map(({ table, column, found }) => {
      const path = `${table}.${column}`;
      const what = found === 'default' ? 'its default is a zero date' : 'it holds zero dates';
      const remedy =
        found === 'default'
          ? `ALTER TABLE ${table} ALTER COLUMN ${column} DROP DEFAULT, or another default`
          : `UPDATE ${table} SET ${column} = NULL (or a real date) WHERE MONTH(${column}) = 0 OR DAYOFMONTH(${column}) = 0`;
      return becomesStrict
        ? acceptable(
            'ZeroDate',
            path,
            `${what}, which the new version refuses by its default sql_mode (NO_ZERO_DATE, NO_ZERO_IN_DATE)`,
            `${remedy}; or keep the sql_mode in settings`,
          )
        : named('ZeroDate', path, `${what}: no later version takes them by default`, remedy);
    }),
    ...cut('ZeroDate', list.more),
    ...searchedInPart.items.map(({ table, rows }) =>
      named(
        'ZeroDate',
        table,
        `only its first ${rows} rows were searched for zero dates`,
        'search the rest at a quiet time, when the new version is strict',
      ),
    ),
  ];
};

/** Types that the way back can't carry. */
const breaking: Record<string, string> = {
  vector: 'VECTOR breaks replication to an older version',
  uuid: 'UUID breaks replication to an older version',
};

export const types: PreflightCheck = ({ examination, from, target }) =>
  examination.types
    .filter(({ type }) => from.series !== target.series && breaking[type] !== undefined)
    .map(({ type, columns, example }) =>
      named(
        'TypeWithoutWayBack',
        example,
        `${breaking[type]} (${columns} columns)`,
        'the way back is lossy from the first row that is written to it',
      ),
    );

export const floatByDump: PreflightCheck = ({ examination, seeding }) =>
  seeding?.kind === 'logical'
    ? examination.types
        .filter(({ type }) => type === 'float')
        .map(({ columns, example }) =>
          named(
            'FloatByDump',
            example,
            `a dump writes a FLOAT with six digits (${columns} columns): one with more is another value afterwards, and the comparison will find it`,
            'seed by copy where the pair can, or ALTER TABLE ... MODIFY ... DOUBLE',
          ),
        )
    : [];
