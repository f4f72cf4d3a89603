import fc from 'fast-check';

import { asideOf, asWatched, definitionOf, generationOf, isNew, withStanding } from '../../../schemas/generations';
import { isBystander, mayAcknowledge, mayBePromoted, mayBeRead } from '../../../schemas/member-rules';
import type { ClusterState, Member, Standing } from '../../../schemas/topology';
import { fitReaders } from '../../../workflows/guard/readers';
import { readChange, readPlan } from '../../../workflows/guard/requests';
import { standingNow, withGeneration, withoutMember, withoutMembers } from '../../../workflows/members/decide';
import { acknowledgersByRule, acknowledgersFor } from '../../../workflows/pivot/acknowledgers';
import { chooseCandidate } from '../../../workflows/pivot/choose-candidate';
import { planPivot } from '../../../workflows/pivot/plan';
import { primaryView, replicaView, seen, state as stateOf } from '../pivot/builders';

const old = ['db-1', 'db-2', 'db-3'];
const fresh = ['db-4', 'db-5', 'db-6'];
const record = (standing: Standing) => ({ operation: 'upgrade/db/1', generation: 2, standing });

/** Three old members and three new ones. */
function two(standing: Standing, primary = 'db-1'): ClusterState {
  const state = plainState(true, [...old, ...fresh]);
  const members = state.members.map((member) => (fresh.includes(member.name) ? { ...member, generation: 2, version: '9.7' } : member));
  return withStanding({ ...state, members, primary, revision: 1, created: 'then', upgrade: record(standing) });
}

const plainStates = new Map<string, ClusterState>();
/** Parsed once for each size. */
function plainState(semiSync: boolean, names: string[]): ClusterState {
  const key = `${semiSync} ${names.length}`;
  const known =
    plainStates.get(key) ?? stateOf({ durability: semiSync ? 'semi-sync' : 'async', replicas: Math.max(2, names.length - 1) }, names);
  plainStates.set(key, known);
  return known;
}

const healthy = ({ members, primary }: ClusterState) => {
  const source = members.find(({ name }) => name === primary)?.address ?? '';
  return seen(
    ...members.map(({ name, version }) =>
      name === primary
        ? primaryView(name, 100, { version: version ? '9.7.4' : '8.0.33', journal: { epoch: 4, primary } })
        : replicaView(name, 100, { version: version ? '9.7.4' : '8.0.33', replication: { sourceAddress: source } }),
    ),
  );
};

describe('who counts', () => {
  test.each<[Standing, string, string[]]>([
    ['building', 'db-1', old],
    ['building', 'db-3', old],
    ['cutting', 'db-1', [...old, ...fresh]],
    ['cutting', 'db-4', fresh],
    ['cutting', 'db-6', fresh],
    ['returning', 'db-4', [...old, ...fresh]],
    ['returning', 'db-2', old],
  ])('%s, with %s as the primary: %s', (standing, primary, counting) => {
    const state = two(standing, primary);
    const others = counting.filter((name) => name !== primary);
    expect(acknowledgersByRule(state)).toEqual(others);
    expect(state.members.filter((member) => mayBePromoted(state.definition, member)).map(({ name }) => name)).toEqual(counting);
    expect(state.members.filter(({ name }) => mayBeRead(state.definition, name)).map(({ name }) => name)).toEqual(counting);
    expect(fitReaders(state, [])).toEqual(others);
    expect(planPivot(state, healthy(state), { unplanned: true, transactionBoundMs: 0 }).cutOff.of).toEqual(others);
  });

  test('without an upgrade nobody stands aside, and a standing that is over is forgotten', () => {
    const state = two('building');
    expect(withStanding({ ...state, upgrade: undefined }).definition.aside).toBeUndefined();
    expect(withStanding(stateOf())).toEqual(stateOf());
  });

  test('whatever happens: nobody of a generation that is being built is candidate, acknowledger or reader, and somebody always counts', () => {
    const cases = fc.record({
      generations: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 10 }),
      generation: fc.integer({ min: 2, max: 3 }),
      standing: fc.constantFrom<Standing>('building', 'cutting', 'returning'),
      primary: fc.nat(),
      semiSync: fc.boolean(),
      unplanned: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ generations, generation, standing, primary: at, semiSync, unplanned }) => {
        const names = generations.map((_, index) => `db-${index + 1}`);
        const plain = plainState(semiSync, names);
        const members: Member[] = plain.members.map((member, index) => ({ ...member, generation: generations[index] }));
        const primary = names[at % names.length] ?? '';
        const state = withStanding({ ...plain, members, primary, upgrade: { operation: 'u', generation, standing } });
        const first = members.find(({ name }) => name === primary) as Member;
        const both = isNew({ generation }, first) ? standing === 'returning' : standing === 'cutting';
        const verdicts = chooseCandidate(state, healthy(state), { unplanned }).verdicts;
        for (const member of members) {
          const its = isNew({ generation }, member) === isNew({ generation }, first);
          const counts = its || both;
          const seen = [
            mayBePromoted(state.definition, member),
            mayBeRead(state.definition, member.name),
            !isBystander(state.definition, member.name),
            semiSync ? mayAcknowledge(state.definition, member) : !mayAcknowledge(state.definition, member) && counts,
          ];
          const eligible = verdicts.find((each) => each.member === member.name)?.eligible;
          if (seen.some((each) => each !== counts) || (!counts && eligible)) throw new Error(`${member.name} stands wrongly`);
        }
        // The primary itself never stands aside.
        expect(asideOf(state, primary)[primary]).toBeUndefined();
        // Writing it again changes nothing, and what is written down has no standing in it.
        expect(withStanding(state)).toEqual(state);
        expect(standingNow(state, standing).definition.aside).toBeUndefined();
      }),
      { numRuns: 10_000 },
    );
  });

  test('receipts that a new primary counts are of its own generation, whoever is chosen', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...old, ...fresh),
        fc.constantFrom<Standing>('cutting', 'returning'),
        fc.constantFrom('db-1', 'db-4'),
        (next, standing, primary) => {
          const state = two(standing, primary);
          const side = old.includes(next) ? old : fresh;
          for (const name of acknowledgersFor(state, healthy(state), next)) expect(side).toContain(name);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the pivot between generations', () => {
  const plan = (state: ClusterState, options: object = {}) =>
    planPivot(state, healthy(state), { unplanned: false, transactionBoundMs: 500, ...options });

  test('goes to a new member although the old ones could not follow it safely', () => {
    const planned = plan(two('cutting'), { towards: 'new' });
    expect(planned).toMatchObject({ to: 'db-4', problems: [], acknowledgers: ['db-5', 'db-6'] });
    expect(planned.candidates.filter(({ eligible }) => eligible).map(({ member }) => member)).toEqual(fresh);
  });

  test('and back, in which the new ones could follow', () => {
    expect(plan(two('returning', 'db-4'), { towards: 'old', to: 'db-1' })).toMatchObject({
      to: 'db-1',
      problems: [],
      acknowledgers: ['db-2', 'db-3'],
    });
  });

  test('is refused before the new members count, and without an upgrade', () => {
    expect(plan(two('building'), { towards: 'new' })).toMatchObject({ to: '' });
    expect(plan(stateOf(), { towards: 'new' })).toMatchObject({ to: '' });
  });

  test('a planned pivot that is not of the upgrade stays among those that count', () => {
    expect(plan(two('building')).to).toBe('db-2');
    expect(plan(two('building'), { to: 'db-4' }).to).toBe('');
    expect(plan(two('cutting', 'db-4')).to).toBe('db-5');
    expect(plan(two('cutting', 'db-4'), { to: 'db-1' }).to).toBe('');
  });

  test('the primary dies: before the cut-over an old member follows, in the window a new one, in between whoever has most, and an old one when equal', () => {
    const unplanned = (state: ClusterState, ahead?: string) => {
      const view = healthy(state);
      const members = view.members
        .filter(({ name }) => name !== state.primary)
        .map((each) => (each.name === ahead ? replicaView(ahead, 120, { version: each.version }) : each));
      return chooseCandidate(state, { ...view, members }, { unplanned: true }).chosen;
    };
    expect(unplanned(two('building'))).toBe('db-2');
    expect(unplanned(two('building'), 'db-4')).toBe('db-2');
    expect(unplanned(two('cutting', 'db-4'))).toBe('db-5');
    expect(unplanned(two('cutting', 'db-4'), 'db-1')).toBe('db-5');
    expect(unplanned(two('cutting'))).toBe('db-2');
    expect(unplanned(two('cutting'), 'db-5')).toBe('db-5');
  });
});

describe('what the guard watches', () => {
  const names = ({ members }: ClusterState) => members.map(({ name }) => name);

  test('nobody of a generation that is being built, everybody who is kept', () => {
    expect(names(asWatched(two('building')))).toEqual(old);
    expect(names(asWatched(two('cutting')))).toEqual([...old, ...fresh]);
    expect(names(asWatched(two('cutting', 'db-4')))).toEqual([...old, ...fresh]);
    expect(names(asWatched(two('returning', 'db-1')))).toEqual(old);
  });

  test('a plan that an operation has written is read with its standing, and the change of primary changes it', () => {
    const known = asWatched({ ...two('building'), revision: 0 });
    const cutting = readPlan({ ...two('cutting'), revision: 2 }, known);
    expect(cutting && names(cutting)).toEqual([...old, ...fresh]);
    const cut = cutting && readChange({ epoch: 5, primary: 'db-4' }, cutting);
    expect(cut?.definition.aside).toEqual({ 'db-1': 'kept', 'db-2': 'kept', 'db-3': 'kept' });
    // Nobody that is not known to count becomes the primary by a signal.
    expect(readChange({ epoch: 5, primary: 'db-4' }, known)).toBeUndefined();
  });
});

describe('the plan', () => {
  const before = stateOf();
  const made: Member[] = stateOf({}, [...old, ...fresh])
    .members.filter(({ name }) => fresh.includes(name))
    .map((member) => ({ ...member, generation: 2, version: '9.7', settings: { binlog_checksum: 'NONE' } }));

  test('has both generations, and what the file says of replicas stays', () => {
    const plan = withGeneration(before, made, record('building'));
    expect(plan).toMatchObject({ revision: 1, upgrade: record('building'), definition: { replicas: 2, version: '8.0' } });
    expect(plan.members.map(generationOf)).toEqual([1, 1, 1, 2, 2, 2]);
  });

  test('an abort leaves what was there before, in one change', () => {
    const plan = withoutMembers(withGeneration(before, made, record('building')), fresh);
    expect(plan.upgrade).toBeUndefined();
    expect(plan).toMatchObject({ revision: 2, removed: fresh, definition: { replicas: 2, version: '8.0' } });
    expect(plan.members.map(({ name }) => name)).toEqual(old);
  });

  test('with the last old member it is a cluster of the new version', () => {
    let plan = withGeneration(before, made, record('cutting'));
    for (const name of old.slice(0, 2)) plan = withoutMember(plan, name);
    expect(plan).toMatchObject({ upgrade: record('cutting'), definition: { version: '8.0' } });
    plan = withoutMember(plan, 'db-3');
    expect(plan.upgrade).toBeUndefined();
    expect(plan.definition).toMatchObject({ replicas: 2, version: '9.7', settings: { binlog_checksum: 'NONE' } });
  });

  test('each server is made by its own version', () => {
    const { definition } = before;
    const [first] = made;
    expect(definitionOf(definition, first as Member)).toMatchObject({ version: '9.7', settings: { binlog_checksum: 'NONE' } });
    expect(definitionOf({ ...definition, image: 'mine' }, first as Member).image).toBeUndefined();
    expect(definitionOf({ ...definition, image: 'mine' }, before.members[0] as Member).image).toBe('mine');
  });
});
