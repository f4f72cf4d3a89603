import { newMemory, noteDone, noteFailure, notePostponed, unreachableOf } from '../../../workflows/guard/memory';
import { load, now } from './fixture';

const key = 'rejoin:db-2';

it('a network that is cut does not count towards building a member anew, whatever comes after it', () => {
  let memory = newMemory(load({}).state);
  for (let attempt = 0; attempt < 5; attempt++) memory = noteFailure(memory, key, 'MemberUnreachable: db-2 does not receive', now);
  memory = noteFailure(memory, key, 'TimedOut: followPrimary did not end in time', now);
  memory = notePostponed(memory, key, 'somebody holds the cluster', now);
  memory = noteFailure(memory, key, 'PrecheckFailed: its place is not known', now);
  memory = noteDone(memory, key, now);
  expect(memory.attempts[key]).toMatchObject({ failed: 8, unreachable: 6 });
  expect(unreachableOf(memory, 'rejoin:db-3')).toBe(0);
});

it('waits longer after each failure, whatever its cause', () => {
  const pauses: number[] = [];
  let memory = newMemory(load({}).state);
  for (const error of ['MemberUnreachable: away', 'PrecheckFailed: no', 'MemberUnreachable: away']) {
    memory = noteFailure(memory, key, error, now);
    pauses.push(Date.parse(memory.attempts[key]?.notBefore ?? '') - Date.parse(now));
  }
  expect(pauses).toEqual([5000, 10_000, 20_000]);
});
