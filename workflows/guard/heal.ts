/** How the guard brings members back: each function is one runbook, every step of it idempotent. */
import { clusterTarget, guardId } from '../../schemas/names';
import type { ClusterState, Member } from '../../schemas/topology';
import { codeOf, contract, failure, isCancellation, summarised, work } from '../operation';

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

export async function startMember(state: ClusterState, name: string, create: boolean): Promise<void> {
  const member = memberOf(state, name);
  if (create) await summarised(work.createMember, `create ${name} anew on its volume`, soon)(operationOf(state), state.definition, member);
  else await summarised(work.startMember, `start ${name}`, soon)(member);
}

/** Follow the primary again; when that is not proven safe, the volume is kept aside and the member built anew. Answers how. */
export async function rejoin(state: ClusterState, name: string, donor: string, attempt: number): Promise<string> {
  const verdict = await summarised(work.compareWithPrimary, `compare ${name} with ${state.primary}`, soon)(state, name);
  if (verdict.rejoin === 'safe' && attempt < 4) {
    try {
      await summarised(work.followPrimary, `${name} follows ${state.primary}`, soon)(state, name);
      await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(state, name);
      return `${name} follows ${state.primary}`;
    } catch (error) {
      if (isCancellation(error) || codeOf(error) !== 'MemberDiverged') throw error;
    }
  }
  const reason = verdict.rejoin === 'safe' ? `it could not follow ${state.primary} in ${attempt - 1} attempts` : verdict.reason;
  return rebuild(state, name, donor, reason);
}

async function rebuild(state: ClusterState, name: string, donor: string, reason: string): Promise<string> {
  const member = memberOf(state, name);
  const operation = operationOf(state);
  await summarised(work.stopMember, `stop ${name}: ${reason}`, soon)(member, true);
  const { kept } = await summarised(work.replaceVolume, `keep the volume of ${name} aside`, soon)(operation, state.definition, member);
  await summarised(work.createMember, `create ${name} on an empty volume`, soon)(operation, state.definition, member);
  await summarised(work.initialiseMember, `accounts and journal on ${name}`, soon)(state, member);
  await summarised(work.seedMember, `seed ${name} from ${donor}`, long)(state, name, donor);
  await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(state, name);
  return `${name} was built anew from ${donor} (${reason}); its old data are kept in ${kept}`;
}

/** The restarted primary of the journal takes writes again. */
export async function reopen(state: ClusterState): Promise<void> {
  await summarised(work.reopenPrimary, `open ${state.primary} again`, soon)(state, operationOf(state));
}

export async function fence(state: ClusterState, name: string): Promise<void> {
  await summarised(work.applyRole, `make ${name} read-only`, soon)(state, name);
}

/** One hold of the cluster for all heals that run at the same time. */
export class HealingHold {
  private users = 0;
  private taking?: Promise<void>;

  constructor(private readonly cluster: string) {}

  /** Throws Conflict when an operation holds the cluster. */
  async take(): Promise<void> {
    this.users++;
    this.taking ??= summarised(contract.acquireHold, `hold ${this.cluster} for healing`)(
      clusterTarget(this.cluster),
      guardId(this.cluster),
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
    await summarised(contract.releaseHold, `release ${this.cluster}`, soon)(clusterTarget(this.cluster), guardId(this.cluster));
  }
}
