import type { Difference, Examination, ExaminedMember, Verdict } from '../../../schemas/adoption';
import type { AdoptionFile } from '../../../schemas/adoption-file';

/** What every check is given. */
export interface Sight {
  file: AdoptionFile;
  examination: Examination;
  /** Those that answer. */
  seen: ExaminedMember[];
  primary: ExaminedMember | undefined;
  replicas: ExaminedMember[];
  /** For what the promises of semi-sync need: refused there, and `otherwise` with async. */
  needed: (otherwise: Verdict) => Verdict;
}

/** Each is about one thing, and all are asked, so that everything is heard at once. */
export type Check = (sight: Sight) => Difference[];

export const at = (member: ExaminedMember, what: string): string => `members.${member.name}.${what}`;
export const difference = (verdict: Verdict, path: string, message: string, remedy: string): Difference => ({
  verdict,
  path,
  message,
  remedy,
});

/** One difference for each member of which something is true. */
export const each = (
  members: ExaminedMember[],
  wrong: (member: ExaminedMember) => boolean,
  tell: (member: ExaminedMember) => Difference,
): Difference[] => members.filter(wrong).map(tell);

export const twice = <Value>(values: Value[]): Value[] => [...new Set(values.filter((value, index) => values.indexOf(value) < index))];

export const isAtLeast = ({ version = '' }: ExaminedMember, ...wanted: number[]): boolean => {
  const parts = version.split('.').map(Number);
  for (const [index, number] of wanted.entries()) if (parts[index] !== number) return (parts[index] ?? 0) > number;
  return true;
};

export const replication = ({ view }: ExaminedMember) => view?.replication;
export const withGtid = (member: ExaminedMember): boolean => member.engine === 'mysql' && isAtLeast(member, 5, 6);
