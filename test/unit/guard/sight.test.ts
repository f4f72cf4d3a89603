/** Several watchers: what one that is asked says of a primary, and whether they agree. */
import fc from 'fast-check';

import { bounds } from '../../../activities/guard/bounds';
import { judgeObserved, type Observed } from '../../../activities/guard/judge-observed';
import type { Witness } from '../../../activities/guard/witness';
import type { Finding } from '../../../schemas/guard';
import type { ContainerState, Reach } from '../../../schemas/observation';
import { agree, answerWithinMs, askAgainAfterMs, othersOf, refusalOf, type Vote, weighed } from '../../../workflows/guard/agree';
import { readDoubt } from '../../../workflows/guard/requests';

const runs = { numRuns: 10_000 };

/** `lost`, `hears` (and something has arrived), `runs` (nothing yet), `no-opinion`, `absent`, `?` (no answer yet). */
type Said = 'lost' | 'hears' | 'runs' | 'no-opinion' | 'absent' | '?';

function seen(primary: Partial<Observed['primary']>, ...replicas: Said[]): Observed {
  const words: Record<Said, Witness | undefined> = {
    lost: 'lost',
    hears: 'hears',
    runs: 'hears',
    'no-opinion': 'no-opinion',
    absent: 'absent',
    '?': undefined,
  };
  return {
    primary: { name: 'db-1', container: 'unknown', silent: false, ...primary },
    replicas: replicas.map((said, index) => ({ name: `db-${index + 2}`, word: words[said], heard: said === 'hears' })),
  };
}

const refused = { reach: 'refused' } as const;
const silent = { reach: 'silent', silent: true } as const;
const soon = 60;
const later = 1000;
const atLast = bounds.observerWithinMs;

describe('what an observer says', () => {
  it.each<[string, Observed, number, 'lost' | 'sees' | 'blind' | 'nothing yet']>([
    ['the primary answers', seen({ reach: 'answers' }, 'runs', 'runs'), soon, 'sees'],
    ['it answers, and all replicas have lost it', seen({ reach: 'answers' }, 'lost', 'lost'), later, 'sees'],
    ['too many connections', seen({ reach: 'busy', error: 'Too many connections' }, 'runs'), soon, 'sees'],
    ['the observer’s password is old', seen({ reach: 'denied' }, 'absent', 'absent'), soon, 'sees'],
    ['refused, and both replicas lost it', seen(refused, 'lost', 'lost'), soon, 'lost'],
    ['refused, one lost it, the other is gone too', seen(refused, 'lost', 'absent'), soon, 'lost'],
    ['refused, one lost it, the other has not answered yet', seen(refused, 'lost', '?'), soon, 'nothing yet'],
    ['refused, one lost it, the other has still not answered', seen(refused, 'lost', '?'), later, 'lost'],
    ['refused, and a receiver still runs', seen(refused, 'lost', 'runs'), soon, 'nothing yet'],
    ['refused, and a replica goes on receiving', seen(refused, 'lost', 'hears'), later, 'sees'],
    ['refused, and nobody else answers', seen(refused, 'absent', 'absent'), later, 'nothing yet'],
    ['refused, and to the end nobody else answers', seen(refused, 'absent', 'absent'), atLast, 'blind'],
    ['refused, replicas were stopped by hand', seen(refused, 'no-opinion', 'no-opinion'), atLast, 'blind'],
    ['the same, and its container is stopped', seen({ ...refused, container: 'stopped' }, 'no-opinion', 'no-opinion'), soon, 'lost'],
    ['its container is stopped, nobody answers', seen({ ...refused, container: 'stopped' }, 'absent', 'absent'), atLast, 'blind'],
    ['silent for a moment', seen({ reach: 'silent' }, 'lost', 'lost'), 600, 'nothing yet'],
    ['silent for long enough', seen(silent, 'lost', 'lost'), later, 'lost'],
    ['silent, the smaller half has lost it', seen(silent, 'lost', 'absent'), atLast, 'blind'],
    ['the same, and it is paused', seen({ ...silent, container: 'paused' }, 'lost', 'absent'), later, 'lost'],
    ['silent, and replicas go on receiving', seen(silent, 'hears', 'hears'), later, 'sees'],
    ['no attempt has ended', seen({}, '?', '?'), soon, 'nothing yet'],
    ['nothing is reached at all', seen(silent, 'absent', 'absent'), atLast, 'blind'],
    ['a cluster of one', seen(refused), atLast, 'blind'],
  ])('%s', (_, observed, waitedMs, expected) => {
    expect(judgeObserved(observed, waitedMs)?.says ?? 'nothing yet').toBe(expected);
  });

  const reach = fc.option(fc.constantFrom<Reach>('answers', 'refused', 'closed', 'silent', 'busy', 'denied'), { nil: undefined });
  const container = fc.constantFrom<ContainerState>('running', 'paused', 'stopped', 'missing', 'unknown');
  const observed: fc.Arbitrary<Observed> = fc.record({
    primary: fc.record({ name: fc.constant('db-1'), reach, container, silent: fc.boolean() }),
    replicas: fc.array(
      fc.record({
        name: fc.constant('db-2'),
        word: fc.option(fc.constantFrom<Witness>('hears', 'lost', 'no-opinion', 'absent'), { nil: undefined }),
        heard: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
  });
  const waited = fc.nat(3000);

  it('is never that a primary is lost which answers in any way, which a replica hears, or of which nobody knows', () => {
    fc.assert(
      fc.property(observed, waited, (state, waitedMs) => {
        const { primary, replicas } = state;
        if (judgeObserved(state, waitedMs)?.says !== 'lost') return;
        expect(['answers', 'busy', 'denied']).not.toContain(primary.reach);
        expect(replicas.some(({ word }) => word === 'hears')).toBe(false);
        expect(replicas.some(({ word }) => word === 'lost' || word === 'no-opinion')).toBe(true);
        const down = primary.container === 'stopped' || primary.container === 'missing';
        expect(replicas.some(({ word }) => word === 'lost') || down).toBe(true);
      }),
      runs,
    );
  });

  it('is never that a silent primary is lost before its time, or when only the smaller half of the replicas answers', () => {
    fc.assert(
      fc.property(observed, waited, (state, waitedMs) => {
        const { primary, replicas } = state;
        if (!['silent', undefined].includes(primary.reach) || ['stopped', 'missing'].includes(primary.container)) return;
        if (judgeObserved(state, waitedMs)?.says !== 'lost') return;
        expect(primary.silent).toBe(true);
        const answering = replicas.filter(({ word }) => word !== undefined && word !== 'absent').length;
        expect(answering > replicas.length / 2 || primary.container === 'paused').toBe(true);
      }),
      runs,
    );
  });

  it('is something when its time is over', () => {
    fc.assert(
      fc.property(observed, (state) => expect(judgeObserved(state, bounds.observerWithinMs)).toBeDefined()),
      runs,
    );
  });
});

describe('agreement', () => {
  const votesOf = (says: Vote['says'][]): Vote[] => says.map((each, index) => ({ observer: `o-${index}`, says: each }));

  it.each<[Vote['says'][], number, 'agreed' | 'refused' | 'waiting']>([
    [[], 0, 'agreed'],
    [['lost', 'lost'], 0, 'agreed'],
    [['lost', 'waiting'], 0, 'agreed'],
    [['lost', 'silent'], 0, 'agreed'],
    [['lost', 'sees'], 0, 'agreed'],
    [['sees', 'sees'], 0, 'refused'],
    [['blind', 'silent'], 0, 'refused'],
    [['sees', 'waiting'], 100, 'waiting'],
    [['waiting', 'waiting'], answerWithinMs - 1, 'waiting'],
    [['waiting', 'waiting'], answerWithinMs, 'refused'],
    [['lost'], 0, 'agreed'],
    [['silent'], 0, 'refused'],
    [['sees', 'lost', 'lost'], 0, 'agreed'],
    [['sees', 'lost', 'sees'], 0, 'refused'],
    [['lost', 'lost', 'sees', 'sees'], 0, 'agreed'],
    [['lost', 'sees', 'silent', 'waiting'], 0, 'waiting'],
    [['lost', 'sees', 'silent', 'blind'], 0, 'refused'],
  ])('%j after %d ms', (says, waitedMs, expected) => expect(agree(votesOf(says), waitedMs).verdict).toBe(expected));

  const votes = fc.array(fc.constantFrom<Vote['says']>('lost', 'sees', 'blind', 'silent', 'waiting'), { maxLength: 8 }).map(votesOf);

  it('never comes about without more than half of all who watch', () => {
    fc.assert(
      fc.property(votes, fc.nat(10_000), (given, waitedMs) => {
        if (agree(given, waitedMs).verdict !== 'agreed') return;
        const lost = 1 + given.filter(({ says }) => says === 'lost').length;
        expect(lost * 2).toBeGreaterThan(given.length + 1);
      }),
      runs,
    );
  });

  it('is never waited for longer than its bound, nor when no answer could change it', () => {
    fc.assert(
      fc.property(votes, fc.nat(10_000), (given, waitedMs) => {
        if (agree(given, waitedMs).verdict !== 'waiting') return;
        expect(waitedMs).toBeLessThan(answerWithinMs);
        const others = (says: Vote['says']): Vote[] => given.map((vote) => (vote.says === 'waiting' ? { ...vote, says } : vote));
        expect(agree(others('lost'), waitedMs).verdict).toBe('agreed');
        expect(agree(others('silent'), waitedMs).verdict).toBe('refused');
      }),
      runs,
    );
  });

  it('is not undone by a further word: whoever answers later can only be waited for, or settle it', () => {
    fc.assert(
      fc.property(
        votes,
        fc.nat(answerWithinMs - 1),
        fc.constantFrom<Vote['says']>('lost', 'sees', 'blind', 'silent'),
        (given, waitedMs, says) => {
          const before = agree(given, waitedMs).verdict;
          const index = given.findIndex((vote) => vote.says === 'waiting');
          if (index < 0 || before === 'waiting') return;
          const after = given.map((vote, each) => (each === index ? { ...vote, says } : vote));
          expect(agree(after, waitedMs).verdict).toBe(before);
        },
      ),
      runs,
    );
  });

  it('asks each place once, and not the one from where the watch looks', () => {
    expect(othersOf({ observers: ['ams', 'fra', 'ams'] })).toEqual(['ams', 'fra']);
    expect(othersOf({ self: 'fra', observers: ['ams', 'fra', 'lon'] })).toEqual(['ams', 'lon']);
    // A worker in a place that nobody declared is one more who watches.
    expect(othersOf({ self: 'home', observers: ['ams', 'fra'] })).toEqual(['ams', 'fra']);
  });

  it('names who saw what when it does not come about, in place of the loss', () => {
    const loss: Finding = { diagnosis: 'PrimaryHung', detail: 'db-1 is silent for 1.4 s' };
    const lag: Finding = { diagnosis: 'ReplicaLagging', member: 'db-2', detail: '' };
    const said: Vote[] = [
      { observer: 'ams', says: 'sees', detail: 'db-1 answers' },
      { observer: 'fra', says: 'silent' },
    ];
    const refusal = refusalOf(loss, said, agree(said, 0));
    expect(refusal.detail).toBe(
      'db-1 is silent for 1.4 s (PrimaryHung), says the watching worker; 1 of 3 watchers have lost it, 2 must. ams sees it (db-1 answers); fra does not answer',
    );
    expect(weighed([loss, lag], refusal)).toEqual([refusal, lag]);
    expect(weighed([loss, lag], undefined)).toEqual([loss, lag]);
  });

  it('is asked for again, soon at first and at least twice a minute', () => {
    expect([1, 2, 3, 4, 50].map(askAgainAfterMs)).toEqual([5000, 10_000, 20_000, 30_000, 30_000]);
  });
});

it('takes a doubt from a signal only when it names an epoch and observers', () => {
  expect(readDoubt({ epoch: 4, watchers: { self: 'ams', observers: ['ams', 'fra'] } })).toEqual({
    epoch: 4,
    watchers: { self: 'ams', observers: ['ams', 'fra'] },
  });
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (value, names) => {
      expect(readDoubt(value)).toBeUndefined();
      const doubt = readDoubt({ epoch: 4, watchers: { self: value, observers: names } });
      if (doubt) expect(doubt.watchers.observers.every((name) => /^[a-z]/.test(name))).toBe(true);
    }),
    runs,
  );
});
