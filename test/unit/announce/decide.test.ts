import fc from 'fast-check';

import { type Announcement, comparePlaces, placeOf } from '../../../schemas/announcement';
import type { Subscriber } from '../../../schemas/subscribers';
import {
  accept,
  type AnnounceMemory,
  begin,
  confirm,
  fail,
  farewellMs,
  isOver,
  MOST_WAITING,
  newMemory,
  nextFor,
  pauseMs,
  readTold,
  skip,
  viewOf,
} from '../../../workflows/announce/decide';
import { change, etcd, made, madeAgain, told, webhook } from './builders';

const after = (...changes: Announcement[]): AnnounceMemory => changes.reduce((memory, each) => accept(memory, told(each)), newMemory());
const nextEpoch = (memory: AnnounceMemory, name: string): number | undefined => nextFor(memory, name)?.announcement.epoch;
const had = (memory: AnnounceMemory, name: string, announcement: Announcement): AnnounceMemory =>
  confirm(begin(memory, name, announcement), name, announcement, '2026-11-26T12:00:01.000Z');

describe('order of changes', () => {
  test.each([
    [change(1), change(2)],
    [change(9), change(10)],
    [change(7), change(7, { event: 'deleted' })],
    [change(9), change(3, { event: 'deleted' })],
    [change(9, { event: 'deleted' }), change(1, { created: madeAgain })],
    [change(9), change(1, { created: madeAgain })],
  ])('%# the first comes before the second', (first, second) => {
    expect(comparePlaces(first, second)).toBeLessThan(0);
    expect(comparePlaces(second, first)).toBeGreaterThan(0);
    expect(first.id).not.toBe(second.id);
  });

  test('a change has one name, whenever it is told', () => {
    expect(change(7).id).toBe('db/20261126T100000000Z/7');
    expect(change(7, { event: 'deleted' }).id).toBe('db/20261126T100000000Z/deleted');
  });
});

test('without a router the servers themselves are where clients connect to', () => {
  expect(change(5).endpoints).toEqual({ write: { host: '10.213.0.10', port: 3306 }, read: { host: '10.213.0.11', port: 3306 } });
});

describe('who is told what next', () => {
  test('a webhook hears every change in order, a key store only the newest', () => {
    const memory = after(change(5), change(6), change(7));
    expect(nextEpoch(memory, 'billing')).toBe(5);
    expect(nextEpoch(memory, 'store')).toBe(7);
  });

  test('told late, a change takes its place as long as nothing later may have arrived', () => {
    expect(nextEpoch(after(change(6), change(5)), 'billing')).toBe(5);
    const begun = begin(after(change(6)), 'billing', change(6));
    expect(nextEpoch(accept(begun, told(change(5))), 'billing')).toBe(6);
    expect(nextEpoch(accept(had(after(change(6)), 'billing', change(6)), told(change(5))), 'billing')).toBeUndefined();
  });

  test('told twice, it is told once', () => {
    const memory = had(after(change(5)), 'billing', change(5));
    expect(nextEpoch(accept(memory, told(change(5))), 'billing')).toBeUndefined();
  });

  test('what everybody confirmed is forgotten; what one lacks stays', () => {
    const memory = had(had(after(change(5), change(6)), 'billing', change(5)), 'store', change(6));
    expect(memory.waiting.map(({ epoch }) => epoch)).toEqual([6]);
    expect(had(memory, 'billing', change(6)).waiting).toEqual([]);
  });

  test('one that fails is tried again; others do not wait for it', () => {
    const memory = fail(begin(after(change(5)), 'billing', change(5)), 'billing', 'answered 503');
    expect(nextEpoch(memory, 'billing')).toBe(5);
    expect(nextEpoch(memory, 'store')).toBe(5);
    expect(viewOf(memory).subscribers).toMatchObject([
      { name: 'billing', failed: 1, lastError: 'answered 503', waiting: [{ epoch: 5 }] },
      { name: 'store', failed: 0 },
    ]);
  });

  test('a person may give up what waits now; the next change is told again', () => {
    const skipped = skip(fail(begin(after(change(5), change(6)), 'billing', change(5)), 'billing', 'gone'), 'billing');
    expect(nextEpoch(skipped, 'billing')).toBeUndefined();
    expect(viewOf(skipped).subscribers[0]).toMatchObject({ skipped: 2, failed: 0 });
    expect(nextEpoch(accept(skipped, told(change(7))), 'billing')).toBe(7);
    // The attempt that was under way is confirmed after all: nothing comes back.
    expect(nextEpoch(confirm(skipped, 'billing', change(5), made), 'billing')).toBeUndefined();
  });

  test('a name that is used again begins anew, after the deletion was told', () => {
    const memory = after(change(9), change(9, { event: 'deleted' }), change(1, { created: madeAgain }));
    expect(memory.waiting.map(({ event, epoch }) => `${event} ${epoch}`)).toEqual(['primary 9', 'deleted 9', 'primary 1']);
    expect(nextEpoch(memory, 'store')).toBe(1);
    expect(isOver(memory)).toBe(false);
  });

  test('subscribers are those of the newest change; who is none any more is forgotten', () => {
    const memory = accept(fail(after(change(5)), 'billing', 'x'), told(change(6), webhook('audit')));
    expect(viewOf(memory).subscribers.map(({ name }) => name)).toEqual(['audit']);
    expect(memory.lanes).toEqual({});
    expect(accept(memory, told(change(5))).subscribers.map(({ name }) => name)).toEqual(['audit']);
  });

  test('more than fits is dropped from the oldest on, and counted', () => {
    const memory = after(...Array.from({ length: MOST_WAITING + 3 }, (_, index) => change(index + 1)));
    expect(memory.waiting).toHaveLength(MOST_WAITING);
    expect(nextEpoch(memory, 'billing')).toBe(4);
    expect(viewOf(memory).subscribers[0]).toMatchObject({ skipped: 3 });
  });
});

describe('the end', () => {
  const gone = change(7, { event: 'deleted' });

  test('it is over when the cluster is gone and everybody knows', () => {
    expect(isOver(after(gone))).toBe(false);
    expect(isOver(had(had(after(gone), 'billing', gone), 'store', gone))).toBe(true);
    expect(isOver(had(had(after(change(7)), 'billing', change(7)), 'store', change(7)))).toBe(false);
  });

  test('who does not answer is waited for a day', () => {
    expect(farewellMs(after(change(7)), gone.at)).toBeUndefined();
    expect(farewellMs(after(gone), gone.at)).toBe(24 * 3600 * 1000);
    expect(farewellMs(after(gone), '2026-12-26T12:00:00.000Z')).toBe(0);
  });
});

test('pauses double up to a minute', () => expect([1, 2, 3, 6, 7, 50].map(pauseMs)).toEqual([1000, 2000, 4000, 32000, 60000, 60000]));

describe('a signal is read without trust', () => {
  test.each(['db', ''])('a change of this cluster, or the first', (cluster) =>
    expect(readTold(told(change(5)), cluster)).toEqual(told(change(5))),
  );
  test.each([
    undefined,
    null,
    'x',
    {},
    { announcement: change(5) },
    { ...told(change(5)), subscribers: [1] },
    { ...told(change(5)), announcement: { ...change(5), epoch: 'five' } },
    { ...told(change(5)), announcement: { ...change(5), cluster: 'other' } },
    { malformed: 'bytes' },
  ])('%# nothing else', (value) => expect(readTold(value, 'db')).toBeUndefined());
});

describe('whatever happens', () => {
  type Deed =
    { kind: 'told'; epoch: number } | { kind: 'begin' | 'confirm' | 'fail' | 'lost'; who: number } | { kind: 'skip'; who: number };
  const subscribers: Subscriber[] = [webhook('a'), webhook('b'), etcd('c')];
  const who = fc.integer({ min: 0, max: 2 });
  const deed: fc.Arbitrary<Deed> = fc.oneof(
    fc.record({ kind: fc.constant('told' as const), epoch: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constantFrom('begin' as const, 'confirm' as const, 'fail' as const, 'lost' as const), who }),
    fc.record({ kind: fc.constant('skip' as const), who }),
  );

  /** A subscriber with what reached it, in order; `lost` reaches it and its answer does not. */
  function play(deeds: Deed[]): {
    memory: AnnounceMemory;
    reached: Map<string, Announcement[]>;
    everTold: Set<number>;
    skips: Set<string>;
  } {
    let memory = newMemory();
    const reached = new Map<string, Announcement[]>(subscribers.map(({ name }) => [name, []]));
    const under = new Map<string, Announcement>();
    const everTold = new Set<number>();
    const skips = new Set<string>();
    for (const each of deeds) {
      if (each.kind === 'told') {
        everTold.add(each.epoch);
        memory = accept(memory, told(change(each.epoch), ...subscribers));
        continue;
      }
      const name = subscribers[each.who]?.name ?? '';
      const next = under.get(name) ?? nextFor(memory, name)?.announcement;
      if (each.kind === 'skip') {
        skips.add(name);
        memory = skip(memory, name);
      } else if (next) {
        if (!under.has(name)) memory = begin(memory, name, next);
        under.set(name, next);
        if (each.kind === 'begin') continue;
        under.delete(name);
        if (each.kind !== 'fail') reached.get(name)?.push(next);
        memory = each.kind === 'confirm' ? confirm(memory, name, next, made) : fail(memory, name, 'x');
      }
    }
    return { memory, reached, everTold, skips };
  }

  test('nobody ever hears an earlier change after a later one', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        for (const heard of play(deeds).reached.values())
          expect(heard.every((each, index) => index === 0 || comparePlaces(heard[index - 1] ?? each, each) <= 0)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('told in order and skipped by nobody, a webhook hears every change, and all end with the newest', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        let epoch = 0;
        const ordered = deeds
          .filter(({ kind }) => kind !== 'skip')
          .map((each) => (each.kind === 'told' ? { ...each, epoch: ++epoch } : each));
        const finish: Deed[] = Array.from({ length: 3 * (epoch + 1) }, (_, index) => ({ kind: 'confirm', who: index % 3 }));
        const { memory, reached } = play([...ordered, ...finish]);
        expect(memory.waiting).toEqual([]);
        for (const { name, etcd: store } of subscribers) {
          const heard = [...new Set((reached.get(name) ?? []).map((each) => each.epoch))];
          if (store) expect(heard.at(-1)).toBe(epoch === 0 ? undefined : epoch);
          else expect(heard).toEqual(Array.from({ length: epoch }, (_, index) => index + 1));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('what is remembered is plain JSON', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        const { memory } = play(deeds);
        expect(JSON.parse(JSON.stringify(memory))).toEqual(JSON.parse(JSON.stringify(structuredClone(memory))));
        for (const lane of Object.values(memory.lanes)) if (lane.passed) expect(placeOf(lane.passed)).toEqual(lane.passed);
      }),
      { numRuns: 200 },
    );
  });
});

describe('subscribers that change between two changes of primary', () => {
  const [billing, store] = [webhook('billing'), etcd('store')];
  const retold = (memory: AnnounceMemory, subscribers: Subscriber[], revision: number): AnnounceMemory =>
    accept(memory, { announcement: change(5), subscribers, revision });

  test('a new one is told the present epoch, the others are not told again', () => {
    const all = had(had(after(change(5)), 'billing', change(5)), 'store', change(5));
    const memory = retold(all, [billing, store, webhook('audit')], 1);
    expect([nextEpoch(memory, 'audit'), nextEpoch(memory, 'billing'), nextEpoch(memory, 'store')]).toEqual([5, undefined, undefined]);
  });

  test('one that was taken off is told no more, and with nobody left it is over', () => {
    const memory = retold(after(change(5)), [store], 1);
    expect([nextEpoch(memory, 'billing'), nextEpoch(memory, 'store')]).toEqual([undefined, 5]);
    expect(isOver(retold(memory, [], 2))).toBe(true);
    expect(isOver(memory)).toBe(false);
  });

  test('one that is reached elsewhere from now on is told anew', () => {
    const memory = had(after(change(5)), 'billing', change(5));
    const moved = { ...billing, webhook: { url: 'https://elsewhere.example', secret: 'subscribers/billing' } };
    expect(nextEpoch(retold(memory, [moved, store], 1), 'billing')).toBe(5);
    expect(nextEpoch(retold(memory, [billing, store], 1), 'billing')).toBeUndefined();
  });

  test('an earlier list that comes late changes nothing; a later epoch brings its own', () => {
    const memory = retold(after(change(5)), [store], 2);
    expect(retold(memory, [billing, store], 1).subscribers).toEqual([store]);
    expect(accept(memory, { announcement: change(6), subscribers: [billing], revision: 3 }).subscribers).toEqual([billing]);
    // A pivot that began before.
    expect(accept(memory, { announcement: change(6), subscribers: [billing], revision: 1 }).subscribers).toEqual([store]);
    const again = change(1, { created: madeAgain });
    expect(accept(memory, { announcement: again, subscribers: [billing] })).toMatchObject({ subscribers: [billing], revision: 0 });
  });
});
