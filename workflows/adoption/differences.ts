/**
 * How a cluster that others made differs from what drydock needs: a pure function over what was seen, one check per file in `checks/`.
 * docs/adoption.md gives the table in words.
 */
import { type Difference, type Examination, primaryOf, type Verdict } from '../../schemas/adoption';
import type { AdoptionFile } from '../../schemas/adoption-file';
import { checks } from './checks';
import type { Sight } from './checks/check';

export function differences(file: AdoptionFile, examination: Examination): Difference[] {
  const seen = examination.members.filter(({ unreachable }) => unreachable === undefined);
  const primary = primaryOf(seen);
  const sight: Sight = {
    file,
    examination,
    seen,
    primary,
    replicas: seen.filter((member) => member !== primary),
    needed: (otherwise) => (file.durability === 'semi-sync' ? 'refused' : otherwise),
  };
  const found = checks.flatMap((check) => check(sight));
  const rank: Verdict[] = ['refused', 'changed', 'named'];
  return found.sort((a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict));
}
