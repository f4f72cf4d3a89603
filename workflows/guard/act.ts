/** What the guard does about findings: a pure function, most urgent first. docs/guard.md gives the table in words. */
import type { Diagnosis, Finding, GuardAction, GuardMemory } from '../../schemas/guard';
import { isBystander } from '../../schemas/member-rules';
import type { ContainerState, Observation } from '../../schemas/observation';
import { underMaintenance } from './maintenance';
import { after, attemptKey, leavePivotAloneMs, retryPivotMs } from './memory';
import { fitReaders } from './readers';

export interface GuardConfig {
  /** Unplanned pivots within the window after which the guard holds for a person. */
  maxPivots: number;
  flapWindowSeconds: number;
}

export interface Moment {
  memory: GuardMemory;
  observation: Observation;
  config: GuardConfig;
  /** ISO time. */
  now: string;
  /** A pivot that this guard started has not ended. */
  pivoting: boolean;
  /** Members that are being healed. */
  healing: string[];
}

/** The primary is lost, and replicas confirm it: the only findings that start an unplanned pivot at once. */
export const lostPrimary: Diagnosis[] = ['PrimaryDead', 'PrimaryDeadAndSomeReplicas', 'PrimaryHung'];

/** With one of these the cluster has no primary to follow. */
const withoutPrimary: Diagnosis[] = [
  ...lostPrimary,
  'PrimaryUnreachableReplicasReplicating',
  'NoQuorumOfSight',
  'AllMembersDead',
  'PrimaryReadOnly',
  'PrimaryBusy',
  'TwoWritable',
];

type StartMember = Extract<GuardAction, { kind: 'start-member' }>;

/** How often opening the restarted primary is tried before a replica takes its place. */
const REOPEN_ATTEMPTS = 2;

export function act(moment: Moment): GuardAction[] {
  const { memory, now } = moment;
  // Its steps name the next epoch; whatever else the guard did meanwhile would be refused, or be in its way.
  if (moment.pivoting) return missedByPivot(moment);
  // A switch holds the routers: telling them anything would release them.
  if (isBefore(now, memory.fencingUntil)) return [];
  const actions = [...routers(moment)];
  if (memory.held || underMaintenance(memory, now)) return actions;
  const change = changeOfPrimary(moment);
  // Heals would be in its way: they come when it is done.
  if (change.length > 0) return change;
  return [...heals(moment), ...actions];
}

/**
 * A pivot that is not done by now may wait for replicas that could have acknowledged: one that is stopped is started. It comes back
 * read-only and receives from nobody, so it is in nobody's way. The lost primary is left to the pivot, a half built member to its rebuild.
 */
function missedByPivot(moment: Moment): GuardAction[] {
  const { memory, now } = moment;
  const running = memory.pivots.findLast(({ outcome }) => outcome === 'running');
  if (!running || isBefore(now, after(running.at, leavePivotAloneMs)) || isBefore(now, memory.fencingUntil)) return [];
  if (memory.held || underMaintenance(memory, now)) return [];
  return memory.state.members
    .filter(({ name }) => name !== memory.state.primary && !memory.rebuilding?.includes(name))
    .flatMap(({ name }) => startMember(moment, name) ?? [])
    .map((action) => ({ ...action, besidePivot: true }));
}

function changeOfPrimary(moment: Moment): GuardAction[] {
  const { memory } = moment;
  const { findings, state } = memory;
  const writable = findings.filter(({ diagnosis }) => diagnosis === 'TwoWritable').flatMap(({ member }) => (member ? [member] : []));
  const fences: GuardAction[] = writable.map((member) => ({ kind: 'fence', member }));
  const lost = findings.find(({ diagnosis }) => lostPrimary.includes(diagnosis));
  if (lost) return [...fences, ...pivotOrHold(moment, lost.diagnosis)];
  const restarted = findings.find(({ diagnosis, restarted }) => diagnosis === 'PrimaryReadOnly' && restarted);
  if (!restarted || fences.length > 0) return fences;
  return reopen(moment, state.primary);
}

function pivotOrHold(moment: Moment, diagnosis: Diagnosis): GuardAction[] {
  const { memory } = moment;
  const next = memory.state.epoch + 1;
  const failed = memory.pivots.filter(({ epoch, outcome }) => epoch === next && outcome === 'failed').at(-1);
  const reason = flapping(moment);
  if (reason) return [{ kind: 'hold-for-person', reason }];
  // The pivot found nobody to promote: members are brought back, the lost primary too, since its own data may be the best there is.
  const due = !failed || Date.parse(moment.now) >= Date.parse(failed.at) + retryPivotMs;
  if (!due) return memory.state.members.flatMap(({ name }) => startMember(moment, name) ?? []);
  return [{ kind: 'pivot', diagnosis, unplanned: true }];
}

/** Why the guard may not change the primary again by itself; undefined when it may. */
function flapping({ memory, config, now }: Moment): string | undefined {
  const since = Date.parse(now) - config.flapWindowSeconds * 1000;
  const recent = memory.pivots.filter(({ at }) => Date.parse(at) >= since);
  if (recent.length < config.maxPivots) return undefined;
  const list = recent.map(({ at, diagnosis, problem }) => `${diagnosis} at ${at}${problem ? ` (${problem})` : ''}`).join(', ');
  return `${recent.length} pivots within ${config.flapWindowSeconds} s (${list}): look for the cause, then resume the guard`;
}

/**
 * The primary of the journal is back, read-only, and nobody else was promoted. It holds every acknowledged write, so it is opened
 * again; only when that fails a replica takes its place.
 */
function reopen(moment: Moment, primary: string): GuardAction[] {
  const { memory, observation, now } = moment;
  const { state } = memory;
  const answering = observation.members.filter(({ reach }) => reach === 'answers');
  const later = answering.some(({ journal }) => (journal?.epoch ?? 0) > state.epoch);
  if (later || answering.length <= state.members.length / 2) return [];
  const attempt = memory.attempts[attemptKey('reopen-primary', primary)];
  if (attempt && attempt.failed >= REOPEN_ATTEMPTS && anyFit(moment)) return pivotOrHold(moment, 'PrimaryReadOnly');
  if (isBefore(now, attempt?.notBefore) || moment.healing.includes(primary)) return [];
  const reason = flapping(moment);
  return [reason ? { kind: 'hold-for-person', reason } : { kind: 'reopen-primary', member: primary }];
}

/** A replica that follows and applies. */
const anyFit = ({ observation, memory }: Moment): boolean =>
  observation.members.some(
    ({ name, reach, replication, errant }) =>
      name !== memory.state.primary &&
      !isBystander(memory.state.definition, name) &&
      reach === 'answers' &&
      replication?.receiver === 'running' &&
      replication.applier === 'running' &&
      !errant,
  );

function heals(moment: Moment): GuardAction[] {
  const { memory, now } = moment;
  if (isBefore(now, memory.healAfter)) return [];
  const { findings } = memory;
  const all = findings.some(({ diagnosis }) => diagnosis === 'AllMembersDead');
  if (all) return memory.state.members.flatMap(({ name }) => startMember(moment, name) ?? []);
  // Else heals that follow one another would keep a person's operation out; a cluster that is down needs them first.
  if (isBefore(now, memory.awaitedUntil)) return [];
  const unfinished = (name: string): boolean => memory.rebuilding?.includes(name) === true;
  const starts = membersWith(findings, ['ReplicaDown'])
    .filter((name) => !unfinished(name))
    .flatMap((name) => startMember(moment, name) ?? []);
  // Without a primary there is nobody to follow, and nothing to compare with.
  if (findings.some(({ diagnosis }) => withoutPrimary.includes(diagnosis))) return starts;
  const settings = findings
    .filter(({ diagnosis }) => diagnosis === 'SemiSyncOff')
    .map(({ member }) => member ?? memory.state.primary)
    .filter((name) => !unfinished(name));
  const gone = membersWith(findings, ['ReplicaDown']).filter((name) => containerOf(moment, name) === 'missing');
  const sick = findings.map(({ member }) => member);
  const rebuilds = memory.state.members
    .map(({ name }) => name)
    .filter((name) => name !== memory.state.primary && (gone.includes(name) || (unfinished(name) && sick.includes(name))));
  const rejoins = membersWith(findings, ['MemberNotFollowing', 'ReplicationBroken', 'ReplicaDiverged'])
    .filter((name) => !unfinished(name))
    .filter((name) => !waitsForDecision(memory, name));
  return [
    ...settings.filter((name) => due(moment, 'apply-role', name)).map((member): GuardAction => ({ kind: 'apply-role', member })),
    ...starts,
    ...rejoins.filter((name) => due(moment, 'rejoin', name)).map((member): GuardAction => ({ kind: 'rejoin', member })),
    ...rebuilds.filter((name) => due(moment, 'rebuild', name)).map((member): GuardAction => ({ kind: 'rebuild', member })),
  ];
}

/** What it alone has was decoded, and the cluster file leaves the rest to a person: comparing it again and again would only be in their way. */
const waitsForDecision = ({ state, findings, attempts }: GuardMemory, name: string): boolean =>
  state.definition.onErrant === 'hold' &&
  findings.some(({ diagnosis, member }) => diagnosis === 'ReplicaDiverged' && member === name) &&
  attempts[attemptKey('rejoin', name)]?.lastError.startsWith('MemberDiverged') === true;

const containerOf = (moment: Moment, name: string): ContainerState | undefined =>
  moment.observation.members.find((view) => view.name === name)?.container;

/** Starts a member only when the engine says that it is stopped: a paused one was paused by somebody, a silent one may be alive. */
function startMember(moment: Moment, name: string): StartMember | undefined {
  if (containerOf(moment, name) !== 'stopped' || !due(moment, 'start-member', name)) return undefined;
  return { kind: 'start-member', member: name };
}

function routers(moment: Moment): GuardAction[] {
  const { memory } = moment;
  const { findings, state } = memory;
  const primaryKnown = !findings.some(({ diagnosis }) => withoutPrimary.includes(diagnosis) && diagnosis !== 'PrimaryBusy');
  if (!primaryKnown) return [];
  const readers = fitReaders(state, findings, memory.rebuilding);
  const tell: GuardAction[] = membersWith(findings, ['RouterBehind'])
    .filter((name) => due(moment, 'tell-router', name))
    .map((router) => ({ kind: 'tell-router', router }));
  if (readers.join() === memory.readers?.join() || !due(moment, 'set-readers', 'readers')) return tell;
  return [...tell, { kind: 'set-readers', readers }];
}

const membersWith = (findings: Finding[], diagnoses: Diagnosis[]): string[] =>
  findings.filter(({ diagnosis }) => diagnoses.includes(diagnosis)).flatMap(({ member }) => (member ? [member] : []));

/** Not under way, and not put off after an earlier attempt. */
const due = ({ memory, now, healing }: Moment, kind: GuardAction['kind'], name: string): boolean =>
  !healing.includes(name) && !isBefore(now, memory.attempts[attemptKey(kind, name)]?.notBefore);

const isBefore = (now: string, bound: string | undefined): boolean => bound !== undefined && Date.parse(now) < Date.parse(bound);
