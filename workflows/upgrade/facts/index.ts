/** What a version has no more, or has new, by the lists that scripts/measure-versions.ts read from the servers. Pure. */
import type { Series } from '../../../schemas/upgrade';
import measured from './measured.json';

/** Of one version: what others of its engine do not have alike. */
export interface Measured {
  /** Words that can't be a column's name without quotes, lower case. */
  reserved: readonly string[];
  collations: readonly string[];
  sqlModes: readonly string[];
  /** Plug-ins that check passwords. */
  authentication: readonly string[];
  settings: readonly string[];
}

const factsOf = ({ engine, series }: Series): Measured | undefined => (measured as Record<string, Measured>)[`${engine} ${series}`];

export const isMeasured = (series: Series): boolean => factsOf(series) !== undefined;

/** Nothing is claimed of a version that was not measured. */
function between(from: Series, to: Series, pick: (facts: Measured) => readonly string[], which: 'gone' | 'new'): string[] {
  const [before, after] = [factsOf(from), factsOf(to)];
  if (!before || !after) return [];
  const [old, fresh] = [pick(before), pick(after)];
  return which === 'gone' ? old.filter((each) => !fresh.includes(each)) : fresh.filter((each) => !old.includes(each));
}

/** Lower case. */
export const newlyReserved = (from: Series, to: Series): string[] => between(from, to, ({ reserved }) => reserved, 'new');

/** 8.0 calls utf8 what it is; the server reads either name. */
const renamed = (collation: string): string => collation.replace(/^utf8_/, 'utf8mb3_');

export function goneCollations(from: Series, to: Series): string[] {
  const [before, after] = [factsOf(from), factsOf(to)];
  if (!before || !after) return [];
  const known = new Set(after.collations.map(renamed));
  return before.collations.filter((collation) => !known.has(renamed(collation)));
}

export const goneSqlModes = (from: Series, to: Series): string[] => between(from, to, ({ sqlModes }) => sqlModes, 'gone');

/** From 5.6 on servers refuse the hash of before 4.1 by default (secure_auth); before, it has no plug-in of its own in their list. */
export function gonePlugins(from: Series, to: Series): string[] {
  const gone = between(from, to, ({ authentication }) => authentication, 'gone');
  const dropped = to.engine === 'mysql' && from.series !== to.series && to.series !== '5.5';
  return dropped ? [...gone, 'old-password'] : gone;
}

/** With underscores, as the server writes them. */
export const goneSettings = (from: Series, to: Series): string[] => between(from, to, ({ settings }) => settings, 'gone');
