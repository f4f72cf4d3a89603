/** What of the settings, names and accounts the new version does not have any more. */
import { goneCollations, gonePlugins, goneSettings, goneSqlModes, isMeasured, newlyReserved } from '../facts';
import { acceptable, cut, named, type PreflightCheck, refused } from './context';

export const reservedWords: PreflightCheck = ({ examination: { names }, from, target }) => {
  const words = newlyReserved(from, target);
  return [
    ...names.items
      .filter(({ word }) => words.includes(word))
      .map(({ kind, name, word }) =>
        acceptable(
          'ReservedWord',
          name,
          `${kind} ${word} has a name that is a reserved word from now on: statements that do not quote it fail`,
          'rename it, or see that every statement quotes it, and accept',
        ),
      ),
    ...cut('ReservedWord', names.more),
  ];
};

export const collations: PreflightCheck = ({ examination, from, target }) => {
  const gone = goneCollations(from, target);
  return examination.collations
    .filter(({ collation }) => gone.includes(collation))
    .map(({ collation, columns, example }) =>
      refused(
        'CollationGone',
        example,
        `${collation} is not known to the new version (${columns} columns)`,
        'ALTER TABLE ... MODIFY ... COLLATE with one that both have',
      ),
    );
};

export const sqlModes: PreflightCheck = ({ examination, from, target }) => {
  const gone = goneSqlModes(from, target);
  return examination.sqlModes.flatMap(({ place, modes }) => {
    const lost = modes.filter((mode) => gone.includes(mode));
    if (lost.length === 0) return [];
    const remedy =
      place === 'the server'
        ? `SET GLOBAL sql_mode without ${lost.join(', ')}; applications may set it, too`
        : 'create it anew under another sql_mode';
    return [refused('SqlModeGone', place, `its sql_mode has ${lost.join(', ')}, which the new version does not know`, remedy)];
  });
};

export const accounts: PreflightCheck = ({ examination: { accounts: list }, from, target }) => {
  const gone = gonePlugins(from, target);
  return [
    ...list.items
      .filter(({ plugin }) => gone.includes(plugin))
      .map(({ account, plugin }) =>
        refused(
          'AuthenticationGone',
          account,
          plugin === 'old-password' ? 'its password has the short hash of before 4.1' : `it is authenticated by ${plugin}`,
          plugin === 'old-password'
            ? 'SET PASSWORD for it with old_passwords=0'
            : `ALTER USER ${account} IDENTIFIED WITH caching_sha2_password BY ..., once its clients can do that; or DROP USER`,
        ),
      ),
    ...cut('AuthenticationGone', list.more),
  ];
};

/** Settings that the cluster's file gives to every member: a server does not start with one that it does not know. */
export const settings: PreflightCheck = ({ state, from, target }) => {
  const gone = goneSettings(from, target);
  return Object.keys(state.definition.settings)
    .filter((name) => !name.startsWith('loose') && gone.includes(name.replaceAll('-', '_')))
    .map((name) =>
      refused(
        'SettingGone',
        `settings.${name}`,
        'the new version does not know it and would not start',
        'take it out of the cluster’s settings',
      ),
    );
};

export const unseen: PreflightCheck = ({ pair, from, target }) => [
  ...(pair?.unseen ?? []).map((what) =>
    named(
      'NotMeasured',
      '',
      `${what}: it follows from other measurements and was not seen itself`,
      'the comparison of all data before the cut-over decides',
    ),
  ),
  ...[from, target]
    .filter((series) => from.series !== target.series && !isMeasured(series))
    .map((series) =>
      named(
        'NotMeasured',
        '',
        `words, collations, settings and plug-ins of ${series.engine} ${series.series} are not known: what the new version has no more is not told`,
        'read its release notes',
      ),
    ),
];
