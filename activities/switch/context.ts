import type { SwitchInput, SwitchOutcome, SwitchReport } from '../../schemas/pivot';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { createConnect } from '../mysql/session';
import type { Connect } from '../mysql/types';
import { type LockedMember, lockMember } from './locked-member';
import type { RouterGroup } from './router-group';
import { Timeline } from './timeline';

/** One attempt of a switch: what it holds, and what it has seen and done so far. */
export class SwitchContext {
  readonly timeline = new Timeline();
  readonly connect: Connect;
  readonly locked = new Map<string, LockedMember>();
  readonly unreachable = new Map<string, string>();
  routers!: RouterGroup;
  heldFrom: number | undefined;
  releasedAt: number | undefined;
  cutTransactions = 0;
  repointed: string[] = [];
  fence: SwitchReport['fence'];
  closedAt: SwitchReport['closedAt'];
  openedAt: SwitchReport['openedAt'];
  /** True from just before the journal row of the next epoch is written: from then on only forward. */
  committed = false;

  constructor(
    readonly env: ActivityEnvironment,
    readonly input: SwitchInput,
  ) {
    this.connect = createConnect(env);
  }

  get cluster(): string {
    return this.input.state.definition.name;
  }

  member(name: string): Member {
    const found = this.input.state.members.find((member) => member.name === name);
    if (!found) throw failure('UnknownCluster', `no member ${name} in cluster ${this.cluster}`);
    return found;
  }

  need(name: string): LockedMember {
    const found = this.locked.get(name);
    if (!found) throw failure('MemberUnreachable', `member ${name} does not answer: ${this.unreachable.get(name) ?? 'not asked'}`);
    return found;
  }

  /** Locks members side by side; those that do not answer are remembered as unreachable. A lock held by others is an error. */
  async lock(names: string[], connectTimeoutMs: number): Promise<void> {
    const results = await Promise.allSettled(
      names.map(async (name) => {
        const member = this.member(name);
        try {
          this.locked.set(name, await lockMember(this.connect, this.cluster, member, this.input.operation, connectTimeoutMs));
        } catch (error) {
          if (error instanceof Error && 'type' in error && error.type === 'Conflict') throw error;
          this.unreachable.set(name, error instanceof Error ? error.message : String(error));
        }
      }),
    );
    const conflict = results.find((result) => result.status === 'rejected');
    if (conflict) throw conflict.reason;
  }

  /** Ends every session at once; what a stale attempt would still send fails from here on. */
  end(): void {
    for (const member of this.locked.values()) member.end();
    this.routers?.end();
  }

  report(outcome: SwitchOutcome, extra: Partial<SwitchReport> = {}): SwitchReport {
    const { plan } = this.input;
    const switched = outcome === 'switched';
    return {
      outcome,
      epoch: switched ? plan.nextEpoch : plan.epoch,
      primary: switched ? plan.to : plan.from,
      fence: this.fence,
      steps: this.timeline.steps,
      heldMs: this.heldFrom === undefined ? 0 : Math.round(((this.releasedAt ?? this.timeline.now()) - this.heldFrom) * 10) / 10,
      cutTransactions: this.cutTransactions,
      openedAt: this.openedAt,
      closedAt: this.closedAt,
      repointed: this.repointed,
      routersConfirmed: this.routers?.confirmed ?? [],
      routersMissing: [...(this.routers?.missing.keys() ?? [])],
      ...extra,
    };
  }
}
