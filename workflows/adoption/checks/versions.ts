import { at, difference, each, isAtLeast, type Check } from './check';

export const versions: Check = ({ seen }) => {
  const engines = new Set(seen.map(({ engine }) => engine));
  const all = [...new Set(seen.map(({ version }) => version))];
  const old = each(
    seen,
    (member) => !isAtLeast(member, 5, 5),
    (member) => difference('refused', at(member, 'version'), `${member.version} is older than 5.5`, 'upgrade it'),
  );
  if (engines.size > 1)
    return [...old, difference('refused', 'members', `members run ${[...engines].join(' and ')}`, 'name members of one engine only')];
  if (all.length > 1)
    old.push(
      difference('named', 'members', `members run ${all.join(', ')}`, 'a newer member that was promoted may not be followed by older ones'),
    );
  return old;
};
