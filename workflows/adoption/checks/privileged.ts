import { difference, type Check } from './check';

export const privileged: Check = ({ seen, file, needed }) => {
  const trusted = new Set([...file.administrators, ...seen.flatMap(({ administrator: account }) => account ?? [])]);
  const found = new Set(seen.flatMap(({ view }) => view?.privilegedApplications ?? []));
  return [...found]
    .filter((account) => !trusted.has(account.split(' (')[0] ?? ''))
    .sort()
    .map((account) =>
      difference(
        needed('named'),
        `accounts.${account}`,
        'may write on a read-only member, so that a planned pivot is refused',
        'revoke the privilege, or name it under administrators when people alone use it',
      ),
    );
};
