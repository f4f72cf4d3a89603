import { Stalls } from '../../../activities/guard/stalls';

function at(now: { ms: number }): Stalls {
  return new Stalls(() => now.ms);
}

test('a process that beats in time has no stalls', () => {
  const now = { ms: 0 };
  const stalls = at(now);
  for (now.ms = 50; now.ms <= 1000; now.ms += 50) stalls.beat();
  expect(stalls.since(0)).toBe(0);
});

test('a stall counts from the moment that is asked about, whether it is over or goes on', () => {
  const now = { ms: 0 };
  const stalls = at(now);
  now.ms = 50;
  stalls.beat();
  now.ms = 400;
  // Nothing was read since 50, and the next beat was due at 100.
  expect(stalls.since(0)).toBe(300);
  expect(stalls.since(250)).toBe(150);
  stalls.beat();
  expect(stalls.since(0)).toBe(300);
  expect(stalls.since(250)).toBe(150);
  expect(stalls.since(400)).toBe(0);
});
