import type { Finding } from '../../schemas/guard';
import { readLimit, routerLimits } from '../../schemas/connection-limits';
import type { RouterView } from '../../schemas/observation';
import type { Sight } from './sight';

/** A router is behind when it does not know the epoch, or points elsewhere, or has other readers than it was told. */
export function diagnoseRouters(sight: Sight, readers?: string[]): Finding[] {
  return sight.observation.routers.flatMap((router) => {
    const found = diagnoseRouter(router, sight, readers);
    return found ? [found] : [];
  });
}

function diagnoseRouter(router: RouterView, { state, primaryMember, facts }: Sight, readers?: string[]): Finding | undefined {
  const { name } = router;
  if (!router.reachable)
    return { diagnosis: 'RouterDown', member: name, detail: `router ${name} does not answer: ${router.error ?? 'silent'}` };
  if (router.epoch < state.epoch)
    return { diagnosis: 'RouterBehind', member: name, detail: `router ${name} is at epoch ${router.epoch}, expected ${state.epoch}` };
  // Later than ours: a pivot is under way, and it is we who are behind.
  if (router.epoch > state.epoch || facts.fencingExpected) return undefined;
  if (router.primary?.address !== primaryMember.address || router.primary.port !== primaryMember.port)
    return {
      diagnosis: 'RouterBehind',
      member: name,
      detail: `router ${name} points to ${router.primary?.address ?? 'nobody'}, expected ${primaryMember.address}`,
    };
  if (!router.open || router.held)
    return {
      diagnosis: 'RouterBehind',
      member: name,
      detail: `router ${name} ${router.held ? 'holds new connections' : 'is closed'}, and no operation says that it should`,
    };
  // With no replica fit to read from, the cluster's policy leads readers to the primary.
  const wanted = readers?.length === 0 && state.definition.readFallback === 'primary' ? [primaryMember.name] : readers;
  if (wanted && !sameSet(router.readers, wanted))
    return {
      diagnosis: 'RouterBehind',
      member: name,
      detail: `router ${name} reads from ${list(router.readers)}, expected ${list(wanted)}`,
    };
  return wronglyLimited(router, state);
}

function wronglyLimited({ name, limits, readers }: RouterView, { definition, routers }: Sight['state']): Finding | undefined {
  if (!limits) return undefined;
  const expected = routerLimits(definition, routers.length);
  const read = readLimit(expected, readers.length);
  if (limits.write === expected.write && limits.read === read) return undefined;
  return {
    diagnosis: 'RouterBehind',
    member: name,
    detail: `router ${name} takes ${limits.write} connections to write and ${limits.read} to read, expected ${expected.write} and ${read}`,
  };
}

const sameSet = (a: string[], b: string[]): boolean => a.length === b.length && a.every((name) => b.includes(name));
const list = (names: string[]): string => (names.length > 0 ? names.join(', ') : 'nobody');
