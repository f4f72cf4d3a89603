import fc from 'fast-check';

import { freeMemberAddress } from '../../../activities/docker/subnets';
import { hostsByRoom, nextNumber } from '../../../activities/docker/place-member';
import { isWidelyKnown, newestOf } from '../../../activities/docker/revisions';
import { mayAcknowledge } from '../../../schemas/member-rules';
import type { MemberView, Observation } from '../../../schemas/observation';
import type { Cluster, ClusterState, Member } from '../../../schemas/topology';
import {
  additionProblems,
  counting,
  isHeldByOthers,
  removalProblems,
  withDefinition,
  withMember,
  withoutMember,
} from '../../../workflows/members/decide';
import { gtid, primaryView, replicaView, state } from '../pivot/builders';

const four = ['db-1', 'db-2', 'db-3', 'db-4'];
const look = (members: MemberView[]): Observation => ({ at: '2026-11-26T10:00:00.000Z', members, routers: [] });
const healthy = (names: string[]): Observation => look(names.map((name, index) => (index === 0 ? primaryView(name) : replicaView(name))));
const wish = (member: string, more: object = {}) => ({ member, deleteData: false, acceptFewAcknowledgers: false, ...more });
const paths = (problems: { path: string }[]): string[] => problems.map(({ path }) => path);
const member = (name: string, serverId: number, host = 'local'): Member => ({
  name,
  serverId,
  host,
  address: `10.213.0.${9 + serverId}`,
  port: 3306,
  container: name,
  volume: `${name}.1`,
});
const planOf = ({ definition, members, routers }: ClusterState): Cluster => ({ definition, members, routers });

describe('what may be taken out', () => {
  test('a replica of four', () => expect(removalProblems(state({}, four), healthy(four), wish('db-4'))).toEqual([]));

  test('the primary never: another is made the primary first', () => {
    const [problem] = removalProblems(state({}, four), healthy(four), wish('db-1'));
    expect(problem?.message).toMatch(/db-1 is the primary.*npx drydock pivot db/);
  });

  test('nobody that is not there', () => expect(paths(removalProblems(state(), healthy(four), wish('db-9')))).toEqual(['member']));

  test('of three with semi-sync only when that is accepted, and the error names how', () => {
    const three = four.slice(0, 3);
    const [problem] = removalProblems(state(), healthy(three), wish('db-3'));
    expect(problem).toMatchObject({ path: 'acceptFewAcknowledgers' });
    expect(problem?.message).toMatch(/db-2 alone would acknowledge.*--accept-few-acknowledgers/);
    expect(removalProblems(state(), healthy(three), wish('db-3', { acceptFewAcknowledgers: true }))).toEqual([]);
    expect(removalProblems(state({ durability: 'async' }), healthy(three), wish('db-3'))).toEqual([]);
    // Another takes its place.
    expect(removalProblems(state(), healthy(three), wish('db-3', { successor: 'db-4' }))).toEqual([]);
  });

  test('the last that acknowledges now: writes would wait', () => {
    const seen = look([
      primaryView(),
      replicaView('db-2', 100, { replication: { receiver: 'stopped' } }),
      replicaView('db-3'),
      { ...replicaView('db-4'), reach: 'silent' },
    ]);
    const [problem] = removalProblems(state({}, four), seen, wish('db-3'));
    expect(problem?.message).toMatch(/writes would wait/);
  });

  test('one that never acknowledges may always go, one that others follow never', () => {
    const rules = { members: { 'db-4': { delaySeconds: 60 } } };
    expect(removalProblems(state(rules, four), healthy(four), wish('db-4'))).toEqual([]);
    const chained = state({ replicas: 4, members: { 'db-5': { follows: 'db-4' } } }, [...four, 'db-5']);
    const [problem] = removalProblems(chained, healthy([...four, 'db-5']), wish('db-4'));
    expect(problem?.message).toMatch(/db-5 follows it/);
  });

  test('not while the primary does not answer or is read-only, nor what it alone has with its data', () => {
    const lost = look([{ ...primaryView(), reach: 'refused' }, ...four.slice(1).map((name) => replicaView(name))]);
    expect(paths(removalProblems(state({}, four), lost, wish('db-4')))).toContain('members.db-1');
    expect(paths(additionProblems(state({}, four), lost))).toContain('members.db-1');
    const fenced = look([primaryView('db-1', 100, { readOnly: true }), ...four.slice(1).map((name) => replicaView(name))]);
    expect(paths(additionProblems(state({}, four), fenced))).toEqual(['members.db-1']);
    const errant = look([primaryView(), replicaView('db-2'), replicaView('db-3'), replicaView('db-4', 100, { errant: 'x:1' })]);
    expect(paths(removalProblems(state({}, four), errant, wish('db-4', { deleteData: true })))).toEqual(['deleteData']);
    expect(removalProblems(state({}, four), errant, wish('db-4'))).toEqual([]);
  });

  test('members of a cluster that others made are theirs; sixteen are the most', () => {
    const adopted = { ...state({}, four), adoption: { operation: 'a', administrator: { user: 'root', passwordFile: '/x' } } };
    expect(paths(removalProblems(adopted, healthy(four), wish('db-4')))).toEqual(['cluster']);
    expect(paths(additionProblems(adopted, healthy(four)))).toEqual(['cluster']);
    const many = Array.from({ length: 16 }, (_, index) => `db-${index + 1}`);
    expect(paths(additionProblems(state({}, many), healthy(many)))).toEqual(['cluster']);
    // A replacement is one more for a while only.
    expect(additionProblems(state({}, many), healthy(many), 0)).toEqual([]);
  });
});

describe('what others hold', () => {
  const before = primaryView('db-1', 100).executed ?? {};
  const holds = (views: MemberView[], without = 'db-4'): boolean =>
    isHeldByOthers(state({}, four), look([primaryView('db-1', 120), ...views]), before, without);

  test('one that acknowledges and has received all of it is enough', () => {
    expect(holds([replicaView('db-2', 90), replicaView('db-3', 100), replicaView('db-4', 120)])).toBe(true);
    expect(holds([replicaView('db-2', 90), replicaView('db-3', 99), replicaView('db-4', 120)])).toBe(false);
  });

  test('not one that receives no more, or from elsewhere, or is behind on purpose', () => {
    expect(holds([replicaView('db-2', 100, { replication: { receiver: 'stopped' } }), replicaView('db-3', 90)])).toBe(false);
    expect(holds([replicaView('db-2', 100, { replication: { sourceAddress: '10.9.9.9' } }), replicaView('db-3', 90)])).toBe(false);
    const delayed = state({ members: { 'db-2': { delaySeconds: 60 } } }, four);
    const seen = look([primaryView('db-1', 120), replicaView('db-2', 100), replicaView('db-3', 90), replicaView('db-4', 120)]);
    expect(isHeldByOthers(delayed, seen, before, 'db-4')).toBe(false);
  });

  test('on MySQL 5.6 only what came as a whole: a GTID is retrieved there with its first event', () => {
    const held = (received: number, applied: number): boolean => {
      const replication = { received: { gtid: gtid(received) }, applied: { gtid: gtid(applied) } };
      const seen = look([primaryView('db-1', 120), replicaView('db-2', 100, { version: '5.6.14', replication })]);
      return isHeldByOthers(state(), seen, before, 'db-3');
    };
    expect([held(99, 99), held(100, 99), held(101, 99), held(100, 100)]).toEqual([false, false, true, true]);
  });

  test('without GTID by coordinates of the primary’s binary log', () => {
    const at = (position: number) => ({ file: { file: 'binlog.000002', position } });
    const view = (name: string, position: number): MemberView => replicaView(name, 0, { replication: { received: at(position) } });
    const seen = (position: number) => look([primaryView('db-1', 0, { executed: at(500) }), view('db-2', position), view('db-3', 100)]);
    expect(isHeldByOthers(state(), seen(500), at(500), 'db-3')).toBe(true);
    expect(isHeldByOthers(state(), seen(499), at(500), 'db-3')).toBe(false);
  });
});

describe('what the plan becomes', () => {
  const plan = planOf(state({}, four));

  test('a new member neither is promoted nor acknowledges until it counts', () => {
    const added = withMember(plan, member('db-5', 5, 'b'));
    expect(added).toMatchObject({ revision: 1, definition: { replicas: 4, hosts: ['local', 'b'], candidates: { never: ['db-5'] } } });
    expect(mayAcknowledge(added.definition, member('db-5', 5))).toBe(false);
    const counted = withDefinition(added, counting(added.definition, 'db-5'));
    expect(counted.revision).toBe(2);
    expect(mayAcknowledge(counted.definition, member('db-5', 5))).toBe(true);
    expect(counted.definition.candidates).toEqual(plan.definition.candidates);
  });

  test('one that replaces another has its rules, and whoever followed that one follows it', () => {
    const file = {
      replicas: 4,
      candidates: { prefer: ['db-3'], never: ['db-2'] },
      members: { 'db-4': { delaySeconds: 60 }, 'db-5': { follows: 'db-3' } },
    };
    const rules = planOf(state(file, [...four, 'db-5']));
    const replaced = (old: string): Cluster => {
      const added = withMember(rules, member('db-6', 6), old);
      return withoutMember(withDefinition(added, counting(added.definition, 'db-6', old)), old, 'db-6');
    };
    expect(replaced('db-2').definition.candidates).toMatchObject({ prefer: ['db-3'], never: ['db-6'] });
    expect(replaced('db-3').definition).toMatchObject({ candidates: { prefer: ['db-6'] }, members: { 'db-5': { follows: 'db-6' } } });
    expect(replaced('db-4').definition.members).toEqual({ 'db-6': { delaySeconds: 60 }, 'db-5': { follows: 'db-3' } });
    expect(replaced('db-4')).toMatchObject({ removed: ['db-4'], revision: 3, definition: { replicas: 4 } });
  });

  test('nothing names a member that was taken out', () => {
    const commands = { fence: ['f'], timeoutSeconds: 15, members: { 'db-4': { fence: ['g'] } } };
    const named = planOf(state({ candidates: { prefer: ['db-4'] }, commands }, four));
    const { removed, ...rest } = withoutMember(named, 'db-4');
    expect(removed).toEqual(['db-4']);
    expect(JSON.stringify(rest)).not.toContain('db-4');
    expect(rest.definition.replicas).toBe(2);
  });

  test('whatever is added and removed: names and server ids are never given twice, and the plan counts its members', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 30 }), (choices) => {
        let now: Cluster = plan;
        const given = new Set(now.members.map(({ name }) => name));
        for (const choice of choices) {
          const target = now.members[choice];
          if (target && now.members.length > 2) now = withoutMember(now, target.name);
          else {
            const number = nextNumber(now);
            expect(given.has(`db-${number}`)).toBe(false);
            expect(now.members.some(({ serverId }) => serverId === number)).toBe(false);
            given.add(`db-${number}`);
            now = withMember(now, member(`db-${number}`, number));
          }
          expect(now.definition.replicas).toBe(now.members.length - 1);
          const names = now.members.map(({ name }) => name);
          expect(now.removed?.some((name) => names.includes(name))).toBe(false);
        }
        expect(now.revision ?? 0).toBe(choices.length);
      }),
    );
  });
});

describe('where it goes, and who knows', () => {
  test('the host with the fewest members, without the one that is replaced', () => {
    const spread = state({ hosts: ['a', 'b', 'c'] }, four);
    spread.members = [member('db-1', 1, 'a'), member('db-2', 2, 'b'), member('db-3', 3, 'c'), member('db-4', 4, 'a')];
    expect(hostsByRoom(spread, undefined)).toEqual(['b', 'c', 'a']);
    expect(hostsByRoom(spread, 'db-3')[0]).toBe('c');
    spread.definition.candidates.neverHosts = ['b'];
    expect(hostsByRoom(spread, undefined)).toEqual(['c', 'a']);
  });

  test('the first free place of the network, and none when it is full', () => {
    expect(freeMemberAddress('10.213.0.0/27', new Set(['10.213.0.10', '10.213.0.12']))).toBe('10.213.0.11');
    const all = new Set(Array.from({ length: 30 }, (_, index) => `10.213.0.${index + 1}`));
    expect(freeMemberAddress('10.213.0.0/27', all)).toBeUndefined();
  });

  test('of several plans the one that was changed last, and never that of an earlier cluster of the name', () => {
    const at = (created: string, revision?: number): Cluster => ({
      ...planOf(state()),
      created,
      ...(revision === undefined ? {} : { revision }),
    });
    expect(newestOf(at('b'), [at('b', 2), at('b', 1), at('a', 9)])).toMatchObject({ created: 'b', revision: 2 });
    expect(newestOf(at('b'), [])).not.toHaveProperty('revision');
  });

  test('a change is widely known when more than half of the members stand where it is', () => {
    const plan = { members: [member('db-1', 1, 'a'), member('db-2', 2, 'b'), member('db-3', 3, 'c')] };
    const known = (told: string[], inventory = ['a', 'b', 'c']): boolean => isWidelyKnown(plan, new Set(told), new Set(inventory));
    expect([known(['a', 'b']), known(['a']), known(['a'], ['a']), known([])]).toEqual([true, false, true, false]);
  });
});
