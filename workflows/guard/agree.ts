/** Whether those who watch a cluster agree that its primary is lost: pure functions. docs/sight.md. */
import type { Finding } from '../../schemas/guard';
import type { Say, Watchers } from '../../schemas/sight';
import { lostPrimary } from './act';

/** `silent`: it did not answer in time. `waiting`: it may still answer. */
export interface Vote {
  observer: string;
  says: Say | 'silent' | 'waiting';
  detail?: string;
}

export interface Agreement {
  verdict: 'agreed' | 'refused' | 'waiting';
  /** All who watch, with the one that has found the loss. */
  watchers: number;
  /** So many must have lost the primary: more than half. */
  needed: number;
  lost: number;
}

/** Whoever has not answered within this time counts as one that sees nothing. */
export const answerWithinMs = 3000;

/** The word of the watch that has found the loss counts as one. `waitedMs`: since it was found. */
export function agree(votes: Vote[], waitedMs: number): Agreement {
  const watchers = votes.length + 1;
  const needed = Math.floor(watchers / 2) + 1;
  const lost = 1 + votes.filter(({ says }) => says === 'lost').length;
  const open = waitedMs < answerWithinMs ? votes.filter(({ says }) => says === 'waiting').length : 0;
  const verdict = lost >= needed ? 'agreed' : lost + open >= needed ? 'waiting' : 'refused';
  return { verdict, watchers, needed, lost };
}

/** Who is asked: each place once, and not the one whose watch it is. */
export const othersOf = ({ self, observers }: Watchers): string[] => [...new Set(observers)].filter((name) => name !== self);

export const isLoss = ({ diagnosis }: Finding): boolean => lostPrimary.includes(diagnosis);

/** A loss that the others do not confirm. */
export function refusalOf(loss: Finding, votes: Vote[], { watchers, needed, lost }: Agreement): Finding {
  return {
    diagnosis: 'NoQuorumOfSight',
    detail: `${loss.detail} (${loss.diagnosis}), says the watching worker; ${lost} of ${watchers} watchers have lost it, ${needed} must. ${wordsOf(votes)}`,
  };
}

const verbs: Record<Vote['says'], string> = {
  lost: 'has lost it',
  sees: 'sees it',
  blind: 'sees too little',
  silent: 'does not answer',
  waiting: 'does not answer',
};

export const wordsOf = (votes: Vote[]): string =>
  votes.map(({ observer, says, detail }) => `${observer} ${verbs[says]}${detail ? ` (${detail})` : ''}`).join('; ');

/** Findings as they are told and acted upon: with a refusal in place of the loss. */
export const weighed = (findings: Finding[], refusal: Finding | undefined): Finding[] =>
  refusal ? findings.map((finding) => (isLoss(finding) ? refusal : finding)) : findings;

/** Asked again after so long, in milliseconds: at first soon, then ever more rarely, since each time costs events. */
export const askAgainAfterMs = (refusals: number): number => Math.min(30_000, 5000 * 2 ** (refusals - 1));
