/** How the guard brings members back: each function is one runbook, every step of it idempotent. */
import { asWatched } from '../../schemas/generations';
import { standsAside } from '../../schemas/member-rules';
import { clusterTarget, guardId } from '../../schemas/names';
import type { ClusterState, Member } from '../../schemas/topology';
import { codeOf, contract, failure, isCancellation, meaningOf, summarised, work } from '../operation';

/** Steps that take seconds; a member that does not answer is given up for now and tried again later. */
const soon = { scheduleToCloseTimeout: '2 minutes' } as const;
/** A seed takes as long as the data are large; its heartbeat tells that it goes on. */
const long = { startToCloseTimeout: '7 days', heartbeatTimeout: '30s' } as const;

export function memberOf(state: ClusterState, name: string): Member {
  const member = state.members.find((each) => each.name === name);
  if (!member) throw failure('UnknownCluster', `${name} is not a member of ${state.definition.name}`);
  return member;
}

const operationOf = (state: ClusterState): string => guardId(state.definition.name);

export async function startMember(state: ClusterState, name: string): Promise<void> {
  await summarised(work.startMember, `start ${name}`, soon)(memberOf(state, name));
}

/** After so many attempts that reached it and did not last, a member is built anew although nothing speaks against its data. */
const mostAttempts = 3;

/** Follow the primary again; when that is not proven safe, `rebuild` is asked for. Answers how. */
export async function rejoin(
  state: ClusterState,
  name: string,
  attempt: number,
  rebuild: (reason: string) => Promise<string>,
): Promise<string> {
  const verdict = await summarised(work.compareWithPrimary, `compare ${name} with ${state.primary}`, soon)(state, name);
  if (verdict.rejoin === 'diverged') waitForDecision(state, name, verdict.reason);
  if (verdict.rejoin !== 'safe') return rebuild(verdict.reason);
  if (attempt > mostAttempts) return rebuild(`it did not follow ${state.primary} for long in ${attempt - 1} attempts`);
  try {
    await summarised(work.followPrimary, `${name} follows ${state.primary}`, soon)(state, name);
  } catch (error) {
    if (isCancellation(error) || codeOf(error) !== 'MemberDiverged') throw error;
    waitForDecision(state, name, meaningOf(error).message);
    return rebuild(meaningOf(error).message);
  }
  await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(state, name);
  return `${name} follows ${state.primary}`;
}

/** Throws where the cluster file says that a person decides what becomes of transactions that a member alone has. */
function waitForDecision({ definition }: ClusterState, member: string, reason: string): void {
  if (definition.onErrant === 'hold')
    throw failure(
      'MemberDiverged',
      `${reason}; it is kept aside until \`npx drydock cluster errant resolve ${definition.name} ${member} --rebuild\` or \`--accept\``,
    );
}

/** What exists now: a member that was built anew has another volume than it had when the guard last looked. */
export async function topologyOf(state: ClusterState): Promise<ClusterState> {
  const { name } = state.definition;
  const cluster = await summarised(work.describeCluster, `what exists of ${name}`, soon)(name);
  if (!cluster) throw failure('UnknownCluster', `cluster ${name} does not exist any more`);
  return asWatched({ ...cluster, epoch: state.epoch, primary: state.primary });
}

/**
 * A member that is no container is overwritten only when a person says so, and the data of one that is kept for the way back of an upgrade are what it is
 * kept for. Throws MemberDiverged, which says what a person should do.
 */
export function refuseAdopted(state: ClusterState, name: string, reason: string): void {
  const { name: cluster } = state.definition;
  if (standsAside(state.definition, name) === 'kept')
    throw failure(
      'MemberDiverged',
      `${name} is kept for the way back of ${state.upgrade?.operation ?? 'an upgrade'}, and does not follow any more (${reason}): it is left as it is`,
    );
  if (memberOf(state, name).adopted)
    throw failure(
      'MemberDiverged',
      `${name} must be built anew (${reason}), and a person decides that: \`npx drydock cluster errant resolve ${cluster} ${name} --rebuild\` keeps what it ` +
        'has and copies another member into it',
    );
}

/** A member that others made is overwritten in its place: all that it has is kept in a volume before. Begun again from the start when it was cut off. */
export async function rebuildAdopted(state: ClusterState, name: string, donor: string, reason: string, operation: string): Promise<string> {
  const { kept } = await summarised(work.setAside, `keep what ${name} has: ${reason}`, long)(operation, state, name);
  await summarised(work.seedMember, `copy ${donor} into ${name}`, long)(state, name, donor);
  await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(state, name);
  return `${name} was built anew from ${donor} (${reason}); what it had is kept in ${kept}`;
}

/** On an empty volume, with data from `donor`; the old volume is kept. A run that was cut off is begun again from the start. */
export async function rebuild(
  state: ClusterState,
  name: string,
  donor: string,
  reason: string,
  operation = operationOf(state),
): Promise<string> {
  const member = memberOf(state, name);
  await summarised(work.stopMember, `stop ${name}: ${reason}`, soon)(member, true);
  const { kept } = await summarised(work.replaceVolume, `keep the volume of ${name} aside`, soon)(operation, state.definition, member);
  await summarised(work.createMember, `start ${name} on an empty volume`, soon)(operation, state.definition, member);
  await summarised(work.initialiseMember, `accounts and journal on ${name}`, soon)(state, member);
  await summarised(work.seedMember, `seed ${name} from ${donor}`, long)(state, name, donor);
  await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(state, name);
  return `${name} was built anew from ${donor} (${reason}); its old data are kept in ${kept}`;
}

/** The restarted primary of the journal takes writes again. */
export async function reopen(state: ClusterState): Promise<void> {
  await summarised(work.reopenPrimary, `open ${state.primary} again`, soon)(state, operationOf(state));
}

export async function applyRole(state: ClusterState, name: string): Promise<void> {
  await summarised(work.applyRole, `settings of ${name}`, soon)(state, name);
}

export async function fence(state: ClusterState, name: string): Promise<void> {
  await summarised(work.applyRole, `make ${name} read-only`, soon)(state, name);
}

/** One hold of the cluster for all heals that run at the same time. */
export class HealingHold {
  private users = 0;
  private taking?: Promise<unknown>;
  private releasing: Promise<void> = Promise.resolve();

  constructor(private readonly cluster: string) {}

  /** Throws Conflict when an operation holds the cluster. */
  async take(): Promise<void> {
    this.users++;
    // Never beside the release: that one, coming late, would free what was just taken.
    this.taking ??= this.releasing.then(() =>
      summarised(contract.acquireHold, `hold ${this.cluster} for healing`)(clusterTarget(this.cluster), guardId(this.cluster)),
    );
    try {
      await this.taking;
    } catch (error) {
      this.users--;
      this.taking = undefined;
      throw error;
    }
  }

  /** To be called in a scope that is not cancelled. */
  async give(): Promise<void> {
    if (--this.users > 0) return;
    this.taking = undefined;
    // Without a bound: whoever waits for the cluster would wait for ever.
    const released = summarised(contract.releaseHold, `release ${this.cluster}`)(clusterTarget(this.cluster), guardId(this.cluster));
    this.releasing = released.catch(() => undefined);
    await released;
  }
}
