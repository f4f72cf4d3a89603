import type { ContainerState, Reach } from '../../schemas/observation';
import type { Say } from '../../schemas/sight';
import { bounds } from './bounds';
import type { Witness } from './witness';

/** What an observer that was asked has seen until now. */
export interface Observed {
  primary: {
    name: string;
    /** Undefined: no attempt to connect has ended yet. */
    reach?: Reach;
    error?: string;
    container: ContainerState;
    /** No connection could be made for as long as silence must last. */
    silent: boolean;
  };
  replicas: {
    name: string;
    /** Undefined: it has not answered yet. */
    word?: Witness;
    /** Something arrived at it from the primary while the observer looked. */
    heard: boolean;
  }[];
}

export interface Word {
  says: Say;
  detail: string;
}

/**
 * What an observer says of the primary `waitedMs` after it was asked; undefined as long as waiting may tell more. The rules are those
 * of a watch (diagnose.ts), for somebody who has just come: what he did not see himself he does not say.
 */
export function judgeObserved(seen: Observed, waitedMs: number): Word | undefined {
  const { primary, replicas } = seen;
  if (primary.reach === 'answers' || primary.reach === 'busy' || primary.reach === 'denied')
    return { says: 'sees', detail: `${primary.name} answers${primary.error ? `: ${primary.error}` : ''}` };
  const hearing = replicas.filter(({ word, heard }) => word === 'hears' && heard).map(({ name }) => name);
  if (hearing.length > 0) return { says: 'sees', detail: `${hearing.join(', ')} still receive from ${primary.name}` };
  // One that is slow to answer may be the one that hears it.
  const heardAll = waitedMs >= bounds.witnessWithinMs || replicas.every(({ word }) => word !== undefined);
  const lost = heardAll ? judgeLoss(seen) : undefined;
  if (lost) return lost;
  return waitedMs >= bounds.observerWithinMs ? { says: 'blind', detail: blindness(seen) } : undefined;
}

function judgeLoss({ primary, replicas }: Observed): Word | undefined {
  const answering = replicas.filter(({ word }) => word !== undefined && word !== 'absent');
  // Until it was counted long enough, a receiver that runs counts as one that hears.
  if (answering.length === 0 || answering.some(({ word }) => word === 'hears')) return undefined;
  const stopped = primary.container === 'stopped' || primary.container === 'missing';
  const losers = answering.filter(({ word }) => word === 'lost').map(({ name }) => name);
  if (losers.length === 0 && !stopped) return undefined;
  const gone = stopped || primary.reach === 'refused' || primary.reach === 'closed';
  // As for a watch: on the small side of a cut network silence looks the same.
  const larger = answering.length > replicas.length / 2 || primary.container === 'paused';
  if (!gone && !(primary.silent && larger)) return undefined;
  const evidence = losers.length > 0 ? `${losers.join(', ')} lost it too` : `its container is ${primary.container}`;
  return { says: 'lost', detail: `${primary.name} does not answer (${primary.error ?? primary.reach ?? 'silent'}); ${evidence}` };
}

function blindness({ primary, replicas }: Observed): string {
  const answering = replicas.filter(({ word }) => word !== undefined && word !== 'absent').map(({ name }) => name);
  const who = answering.length > 0 ? `of the replicas only ${answering.join(', ')} answer, and prove nothing` : 'no replica answers';
  return `${primary.name} does not answer (${primary.error ?? primary.reach ?? 'silent'}), and ${who}`;
}
