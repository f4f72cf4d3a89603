/** What must hold of every state, whatever it is: invariants of diagnosis and action. */
import fc from 'fast-check';

import { bounds } from '../../../activities/guard/bounds';
import { Debounce, keyOf } from '../../../activities/guard/debounce';
import { diagnose } from '../../../activities/guard/diagnose';
import { witness } from '../../../activities/guard/witness';
import { diagnoses, type Diagnosis, type Facts, type Finding } from '../../../schemas/guard';
import type { MemberView, Observation, ReplicationView } from '../../../schemas/observation';
import { act, lostPrimary } from '../../../workflows/guard/act';
import { adoptState, nextDeadline, noteDone, noteFailure, forgetHealthy } from '../../../workflows/guard/memory';
import { fitReaders } from '../../../workflows/guard/readers';
import { readChange, readFencing, readMaintenance, readPerson } from '../../../workflows/guard/requests';
import { healthyReplication, load, now, stateOf } from './fixture';

const runs = { numRuns: process.env['DRYDOCK_TEST_ALL'] === '1' ? 10_000 : 1000 };

const reach = fc.constantFrom<MemberView['reach']>('answers', 'refused', 'closed', 'silent', 'busy', 'denied');
const container = fc.constantFrom<MemberView['container']>('running', 'paused', 'stopped', 'missing', 'unknown');
const code = fc.constantFrom(0, 1040, 1045, 1236, 2003, 2013, 1062);
const failed = fc.option(
  code.map((number) => ({ code: number, message: 'error' })),
  { nil: undefined },
);

const replication = (source: string): fc.Arbitrary<ReplicationView | undefined> =>
  fc
    .option(
      fc.record({
        receiver: fc.constantFrom<ReplicationView['receiver']>('running', 'connecting', 'stopped'),
        applier: fc.constantFrom<ReplicationView['applier']>('running', 'stopped'),
        sourceAddress: fc.constantFrom(source, source, source, '10.213.0.99'),
        receiverError: failed,
        applierError: failed,
        lagSeconds: fc.option(fc.nat(100), { nil: null }),
      }),
      { nil: undefined },
    )
    .map((differences) => differences && { ...healthyReplication(stateOf()), ...differences });

const scene = fc.integer({ min: 0, max: 5 }).chain((replicas) => {
  const state = stateOf(replicas);
  const source = state.members[0]?.address ?? '';
  const member = (name: string): fc.Arbitrary<MemberView> =>
    fc.record({
      name: fc.constant(name),
      reach,
      container,
      readOnly: fc.option(fc.boolean(), { nil: undefined }),
      replication: name === 'db-1' ? fc.constant(undefined) : replication(source),
      journal: fc.option(fc.record({ epoch: fc.integer({ min: 1, max: 6 }), primary: fc.constant('db-1') }), { nil: undefined }),
      errant: fc.option(fc.constant('aaaa:1'), { nil: undefined }),
    });
  const perReplica = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
    fc
      .tuple(...state.members.slice(1).map(() => value))
      .map((values) => Object.fromEntries(values.map((each, index) => [`db-${index + 2}`, each])));
  const facts: fc.Arbitrary<Facts> = fc.record({
    primarySilentMs: fc.nat(10_000),
    heartbeat: fc.record({
      blockedMs: fc.nat(20_000),
      error: fc.option(
        fc.constantFrom(1040, 1290, 1021, 1205).map((errno) => ({ errno, message: 'error' })),
        { nil: undefined },
      ),
      state: fc.option(fc.constantFrom('Waiting for global read lock', 'Waiting for semi-sync ACK from replica'), { nil: undefined }),
    }),
    unheardMs: perReplica(fc.option(fc.nat(5000), { nil: null })),
    lagMs: perReplica(fc.option(fc.nat(60_000), { nil: null })),
    primaryRestarted: fc.boolean(),
    fencingExpected: fc.boolean(),
  });
  return fc.record({
    state: fc.constant(state),
    facts,
    observation: fc
      .tuple(...state.members.map(({ name }) => member(name)))
      .map((members): Observation => ({ at: now, members, routers: [] })),
  });
});

const diagnosesOf = (findings: Finding[]): Diagnosis[] => findings.map(({ diagnosis }) => diagnosis);
const saysLost = (findings: Finding[]): boolean => diagnosesOf(findings).some((diagnosis) => lostPrimary.includes(diagnosis));
const primaryOf = (observation: Observation): MemberView => observation.members[0] as MemberView;

describe('diagnosis', () => {
  it('never calls a primary lost that answers in any way', () => {
    fc.assert(
      fc.property(scene, ({ state, observation, facts }) => {
        fc.pre(['answers', 'busy', 'denied'].includes(primaryOf(observation).reach));
        expect(saysLost(diagnose(state, observation, facts))).toBe(false);
      }),
      runs,
    );
  });

  it('never calls a primary lost that a replica hears, nor without a replica that answers', () => {
    fc.assert(
      fc.property(scene, ({ state, observation, facts }) => {
        const member = state.members[0];
        if (!member || !saysLost(diagnose(state, observation, facts))) return;
        const said = observation.members.slice(1).map((view) => witness(view, member, facts));
        expect(said).not.toContain('hears');
        expect(said.some((word) => word !== 'absent')).toBe(true);
      }),
      runs,
    );
  });

  it('never calls a primary hung before its bound, nor when half of the replicas or more are out of sight', () => {
    fc.assert(
      fc.property(scene, ({ state, observation, facts }) => {
        const found = diagnosesOf(diagnose(state, observation, facts));
        if (!found.includes('PrimaryHung')) return;
        const replicas = observation.members.slice(1);
        expect(facts.primarySilentMs).toBeGreaterThanOrEqual(bounds.hungAfterMs);
        const seen = replicas.filter((view) => view.reach === 'answers').length;
        expect(seen > replicas.length / 2 || primaryOf(observation).container === 'paused').toBe(true);
      }),
      runs,
    );
  });

  it('says at most one thing of a lost primary, and nothing of a living one beside it', () => {
    const ofTheLost: Diagnosis[] = [...lostPrimary, 'PrimaryUnreachableReplicasReplicating', 'NoQuorumOfSight', 'AllMembersDead'];
    const ofTheLiving: Diagnosis[] = ['PrimaryBusy', 'PrimaryBlocked', 'NoAcknowledger', 'PrimaryReadOnly', 'TooFewAcknowledgers'];
    fc.assert(
      fc.property(scene, ({ state, observation, facts }) => {
        const found = diagnosesOf(diagnose(state, observation, facts));
        const lost = found.filter((diagnosis) => ofTheLost.includes(diagnosis));
        expect(lost.length).toBeLessThanOrEqual(1);
        if (lost.length > 0) expect(found.filter((diagnosis) => ofTheLiving.includes(diagnosis))).toEqual([]);
      }),
      runs,
    );
  });

  it('does not depend on the order in which members are listed', () => {
    fc.assert(
      fc.property(scene, ({ state, observation, facts }) => {
        const reversed = { ...observation, members: [...observation.members].reverse() };
        expect(diagnose(state, reversed, facts).map(keyOf)).toEqual(diagnose(state, observation, facts).map(keyOf));
      }),
      runs,
    );
  });
});

describe('action', () => {
  const someFindings = fc.uniqueArray(
    fc.record({
      diagnosis: fc.constantFrom(...diagnoses),
      member: fc.constantFrom('db-1', 'db-2', 'db-3', 'r-1'),
      detail: fc.constant(''),
    }),
    { maxLength: 6, selector: ({ diagnosis, member }) => `${diagnosis}${member}` },
  );
  const time = fc.integer({ min: -900, max: 900 }).map((seconds) => new Date(Date.parse(now) + seconds * 1000).toISOString());
  const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(value, { nil: undefined });
  const memory = fc.record({
    held: maybe(fc.constant({ reason: '', since: now, by: 'ann' })),
    maintenance: maybe(fc.record({ since: fc.constant(now), until: maybe(time) })),
    fencingUntil: maybe(time),
    healAfter: maybe(time),
    pivots: fc.array(
      fc.record({
        at: time,
        epoch: fc.integer({ min: 3, max: 5 }),
        diagnosis: fc.constant<Diagnosis>('PrimaryDead'),
        outcome: fc.constantFrom<'done' | 'failed'>('done', 'failed'),
      }),
      { maxLength: 4 },
    ),
  });
  const decision = fc.record({ findings: someFindings, memory, pivoting: fc.boolean(), container }).map((given) => {
    const { moment } = load({
      memory: given.memory,
      members: { 'db-1': { container: given.container }, 'db-3': { container: given.container } },
    });
    return { ...moment(given.findings), pivoting: given.pivoting };
  });

  it('changes no primary while somebody holds it, during maintenance or an announced fence, or beside another pivot', () => {
    fc.assert(
      fc.property(decision, (moment) => {
        const { held, maintenance, fencingUntil } = moment.memory;
        const forbidden =
          moment.pivoting ||
          held !== undefined ||
          (maintenance !== undefined && (maintenance.until === undefined || maintenance.until > now)) ||
          (fencingUntil !== undefined && fencingUntil > now);
        const kinds = act(moment).map(({ kind }) => kind);
        if (forbidden)
          for (const kind of ['pivot', 'reopen-primary', 'fence', 'start-member', 'rejoin'] as const) expect(kinds).not.toContain(kind);
      }),
      runs,
    );
  });

  it('pivots only for a lost primary, at most once, alone, and never beyond the number of pivots in the window', () => {
    fc.assert(
      fc.property(decision, (moment) => {
        const actions = act(moment);
        const pivots = actions.filter(({ kind }) => kind === 'pivot');
        if (pivots.length === 0) return;
        expect(pivots).toHaveLength(1);
        expect(moment.memory.findings.some(({ diagnosis }) => lostPrimary.includes(diagnosis))).toBe(true);
        const recent = moment.memory.pivots.filter(({ at }) => Date.parse(at) >= Date.parse(now) - 600_000);
        expect(recent.length).toBeLessThan(2);
        expect(actions.every(({ kind }) => kind === 'pivot' || kind === 'fence')).toBe(true);
      }),
      runs,
    );
  });

  it('starts only containers that are stopped or gone, and rejoins nobody without a primary that serves', () => {
    fc.assert(
      fc.property(decision, (moment) => {
        for (const action of act(moment)) {
          const view = moment.observation.members.find(({ name }) => 'member' in action && name === action.member);
          if (action.kind === 'start-member') expect(view?.container).toBe('stopped');
          if (action.kind === 'rejoin') expect(saysLost(moment.memory.findings)).toBe(false);
        }
      }),
      runs,
    );
  });

  it('never reads from the primary or from a member that is named unfit', () => {
    fc.assert(
      fc.property(decision, ({ memory: { state, findings } }) => {
        const readers = fitReaders(state, findings);
        expect(readers).not.toContain(state.primary);
        for (const { diagnosis, member } of findings)
          if (diagnosis === 'ReplicaDown' || diagnosis === 'ReplicaLagging') expect(readers).not.toContain(member);
      }),
      runs,
    );
  });
});

describe('debounce', () => {
  const sequence = fc.array(
    fc.record({ gap: fc.nat(1500), found: fc.subarray(['PrimaryDead', 'ReplicaLagging', 'RouterDown', 'PrimaryBlocked'] as Diagnosis[]) }),
    { maxLength: 30 },
  );

  it('tells death in the same moment, and a slow finding only after it stood for its time', () => {
    fc.assert(
      fc.property(sequence, (steps) => {
        const debounce = new Debounce([], 0);
        let at = 0;
        const since = new Map<Diagnosis, number>();
        for (const { gap, found } of steps) {
          at += gap;
          for (const diagnosis of diagnoses) if (!found.includes(diagnosis)) since.delete(diagnosis);
          for (const diagnosis of found) if (!since.has(diagnosis)) since.set(diagnosis, at);
          const told = diagnosesOf(
            debounce.update(
              found.map((diagnosis) => ({ diagnosis, detail: '' })),
              at,
            ),
          );
          expect(told.includes('PrimaryDead')).toBe(found.includes('PrimaryDead'));
        }
      }),
      runs,
    );
  });

  it('never tells of a slow finding that came for a moment', () => {
    const debounce = new Debounce([], 0);
    const lag: Finding = { diagnosis: 'ReplicaLagging', member: 'db-2', detail: '' };
    expect(debounce.update([lag], 0)).toEqual([]);
    expect(debounce.update([], 1000)).toEqual([]);
    expect(debounce.update([lag], 1500)).toEqual([]);
    expect(debounce.update([lag], 3500)).toEqual([lag]);
    expect(debounce.update([], 4000)).toEqual([lag]);
    expect(debounce.update([], 6000)).toEqual([]);
  });

  it('keeps what was known until it is gone for its time', () => {
    const down: Finding = { diagnosis: 'RouterDown', member: 'r-1', detail: '' };
    const debounce = new Debounce([down], 0);
    expect(debounce.update([], 100)).toEqual([down]);
    expect(debounce.update([], 2100)).toEqual([]);
  });
});

describe('memory', () => {
  it('waits longer after each failure, at most five minutes, and forgets at success', () => {
    const { moment } = load({});
    let memory = moment([]).memory;
    const pauses: number[] = [];
    for (let count = 0; count < 10; count++) {
      memory = noteFailure(memory, 'rejoin:db-2', 'error', now);
      pauses.push(Date.parse(memory.attempts['rejoin:db-2']?.notBefore ?? '') - Date.parse(now));
    }
    expect(pauses.slice(0, 3)).toEqual([5000, 10_000, 20_000]);
    expect(Math.max(...pauses)).toBe(300_000);
    expect(nextDeadline(memory, now)).toBe(300_000);
    // The watch is given time to see what was done; with the finding gone all is forgotten.
    const healed = noteDone(memory, 'rejoin:db-2', now);
    expect(
      nextDeadline(
        { ...healed, attempts: { 'rejoin:db-2': healed.attempts['rejoin:db-2'] ?? { failed: 0, notBefore: now, lastError: '' } } },
        now,
      ),
    ).toBe(8000);
    expect(forgetHealthy(healed).attempts).toEqual({});
    expect(
      Object.keys(forgetHealthy({ ...healed, findings: [{ diagnosis: 'ReplicaDown', member: 'db-2', detail: '' }] }).attempts),
    ).toHaveLength(1);
  });

  it('never goes back to an earlier epoch', () => {
    const { moment, state } = load({});
    const { memory } = moment([]);
    expect(adoptState(memory, { ...state, epoch: 3, primary: 'db-2' })).toBe(memory);
    expect(adoptState(memory, { ...state, epoch: 5, primary: 'db-2' }).state).toMatchObject({ epoch: 5, primary: 'db-2' });
  });

  it('takes any argument of a signal without throwing, and only valid ones for true', () => {
    const state = stateOf();
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const change = readChange(value, state);
        if (change) expect(change.members.some(({ name }) => name === change.primary)).toBe(true);
        const until = readFencing(value, now);
        if (until !== undefined) expect(Date.parse(until) - Date.parse(now)).toBeLessThanOrEqual(120_000);
        readMaintenance(value);
        expect(readPerson(value).by).not.toBe('');
      }),
      runs,
    );
  });
});
