import type { Difference } from '../../../schemas/adoption';
import { accounts } from '../../../schemas/names';
import { difference, type Check } from './check';

export const ownAccounts: Check = ({ seen, examination, primary, replicas }) => {
  const there = [...new Set(seen.flatMap((member) => member.ownAccounts))];
  const found: Difference[] = [];
  if (there.length > 0 && !examination.passwordsKnown)
    found.push(
      difference(
        'refused',
        'accounts',
        `${there.join(', ')} exist, and this installation does not know their passwords: another one may guard this cluster`,
        'let that one give it back (drydock cluster delete), then drop the accounts',
      ),
    );
  const journal = primary?.view?.journal;
  if (journal && journal.primary !== primary?.name)
    found.push(
      difference(
        'named',
        'journal',
        `an earlier journal names ${journal.primary} as the primary of epoch ${journal.epoch}`,
        `${primary?.name} becomes the primary of epoch ${journal.epoch + 1}`,
      ),
    );
  const others = [...new Set(replicas.flatMap(({ sourceUser }) => sourceUser ?? []))].filter((user) => user !== accounts.replication);
  if (others.length > 0)
    found.push(
      difference(
        'named',
        'replication',
        `members replicate with ${others.join(', ')}`,
        `left as it is; a member that is repointed uses ${accounts.replication}`,
      ),
    );
  return found;
};
