import type { Finding } from '../../../schemas/guard';
import {
  adoptState,
  newMemory,
  noteDone,
  noteFailure,
  notePostponed,
  noteRebuilding,
  unreachableOf,
} from '../../../workflows/guard/memory';
import { fitReaders } from '../../../workflows/guard/readers';
import { readPlan } from '../../../workflows/guard/requests';
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

describe('members that change', () => {
  const { state } = load({});
  const without = { ...state, members: state.members.filter(({ name }) => name !== 'db-3'), revision: 1, removed: ['db-3'] };

  it('forgets what it found of one that is gone, and who was built for it', () => {
    const memory = {
      ...newMemory(state),
      findings: [
        { diagnosis: 'ReplicaDown', member: 'db-3', detail: '' },
        { diagnosis: 'RouterDown', member: 'r-1', detail: '' },
        { diagnosis: 'PrimaryBusy', detail: '' },
      ] as Finding[],
      rebuilding: ['db-3', 'db-9'],
    };
    const after = adoptState(memory, without);
    expect(after.findings.map(({ diagnosis }) => diagnosis)).toEqual(['RouterDown', 'PrimaryBusy']);
    expect(after.rebuilding).toEqual(['db-9']);
  });

  it('takes a plan over, and keeps who is primary in which epoch', () => {
    const moved = { ...state, epoch: 9, primary: 'db-2' };
    expect(readPlan(without, moved)).toMatchObject({ epoch: 9, primary: 'db-2', revision: 1, removed: ['db-3'], members: [{}, {}] });
  });

  it.each([
    ['another cluster', { ...without, definition: { ...without.definition, name: 'other' } }],
    ['an earlier one of its name', { ...without, created: 'before' }],
    ['no revision', state],
    ['without the primary', { ...without, members: without.members.slice(1) }],
    ['an older one', { ...without, revision: 0 }],
    ['nothing', undefined],
  ])('but not of %s', (_, plan) => expect(readPlan(plan, { ...state, revision: 1 })).toBeUndefined());

  it('nobody reads from one that is being built', () => {
    expect(fitReaders(state, [])).toEqual(['db-2', 'db-3']);
    expect(fitReaders(state, [], ['db-3'])).toEqual(['db-2']);
  });
});

it('remembers which operation builds a member, for as long as it does', () => {
  const building = noteRebuilding(newMemory(load({}).state), 'db-4', true, 'addMember/shop/1');
  expect(building).toMatchObject({ rebuilding: ['db-4'], builders: { 'db-4': 'addMember/shop/1' } });
  expect(noteRebuilding(building, 'db-4', false)).toMatchObject({ rebuilding: [], builders: {} });
  expect(noteRebuilding(newMemory(load({}).state), 'db-4', true)).not.toHaveProperty('builders');
});
