import { CancellationScope } from '@temporalio/workflow';

import type { GuardAction } from '../../schemas/guard';
import { codeOf, isCancellation, meaningOf, summarised, work } from '../operation';
import { applyRole, fence, HealingHold, rebuild, refuseAdopted, rejoin, reopen, startMember, topologyOf } from './heal';
import { attemptKey, noteDone, noteFailure, notePostponed, unreachableOf } from './memory';
import { fitReaders } from './readers';
import type { Watchman } from './watchman';

export type Heal = Exclude<GuardAction, { kind: 'pivot' } | { kind: 'hold-for-person' }>;

const tellOptions = { scheduleToCloseTimeout: '30s', retry: { maximumAttempts: 5 } } as const;

/** Heals run beside the watch: one for each member at a time, all of them given up when a pivot begins. */
export class Healer {
  private readonly scopes = new Map<string, { heal: Heal; scope: CancellationScope }>();
  private readonly hold: HealingHold;

  constructor(private readonly keeper: Watchman) {
    this.hold = new HealingHold(keeper.memory.state.definition.name);
  }

  get idle(): boolean {
    return this.scopes.size === 0;
  }

  get names(): string[] {
    return [...this.scopes.keys()];
  }

  /** For people. */
  get running(): string[] {
    return [...this.scopes].map(([name, { heal }]) => `${heal.kind} ${name}`);
  }

  cancel(): void {
    for (const { scope } of this.scopes.values()) scope.cancel();
  }

  /** Those that copy data or may come to it; what is short, or what the cluster needs to serve, is let end. */
  giveUpCopies(): void {
    for (const { heal, scope } of this.scopes.values()) if (heal.kind === 'rejoin' || heal.kind === 'rebuild') scope.cancel();
  }

  start(heal: Heal): void {
    const name = nameOf(heal);
    if (this.scopes.has(name)) return;
    const scope = new CancellationScope();
    this.scopes.set(name, { heal, scope });
    void this.run(name, heal, scope);
  }

  private async run(name: string, heal: Heal, scope: CancellationScope): Promise<void> {
    const { keeper } = this;
    try {
      const told = await scope.run(() => (needsHold(heal) ? this.withHold(heal) : this.perform(heal)));
      keeper.memory = noteDone(keeper.memory, attemptKey(heal.kind, name), new Date().toISOString());
      if (told) keeper.note(told);
    } catch (error) {
      this.failed(name, heal, error);
    } finally {
      this.scopes.delete(name);
      keeper.poke();
    }
  }

  private failed(name: string, heal: Heal, error: unknown): void {
    const { keeper } = this;
    const now = new Date().toISOString();
    if (isCancellation(error)) return;
    const { code, message } = meaningOf(error);
    if (code === 'Conflict') keeper.memory = notePostponed(keeper.memory, attemptKey(heal.kind, name), message, now);
    else {
      keeper.memory = noteFailure(keeper.memory, attemptKey(heal.kind, name), `${code}: ${message}`, now);
      keeper.note(`${heal.kind} ${name} failed: ${code}: ${message}`);
    }
  }

  private async withHold(heal: Heal): Promise<string | undefined> {
    await this.hold.take();
    try {
      return await this.perform(heal);
    } finally {
      await CancellationScope.nonCancellable(() =>
        this.hold.give().catch((error: unknown) => this.keeper.note(`the hold was not released: ${codeOf(error)}`)),
      );
    }
  }

  private async perform(heal: Heal): Promise<string | undefined> {
    const { memory } = this.keeper;
    const { state } = memory;
    switch (heal.kind) {
      case 'start-member':
        await startMember(state, heal.member);
        return `${heal.member} was started`;
      case 'rejoin': {
        const key = attemptKey('rejoin', heal.member);
        const attempt = (memory.attempts[key]?.failed ?? 0) - unreachableOf(memory, key) + 1;
        return rejoin(state, heal.member, attempt, (reason) => this.rebuild(heal.member, reason));
      }
      case 'rebuild':
        return this.rebuild(heal.member, memory.rebuilding?.includes(heal.member) ? 'an earlier run was cut off' : 'its container is gone');
      case 'reopen-primary':
        await reopen(state);
        return `${heal.member} takes writes again`;
      case 'apply-role':
        await applyRole(state, heal.member);
        return `the settings of its role were put in place again on ${heal.member}`;
      case 'fence':
        await fence(state, heal.member);
        return `${heal.member} was made read-only`;
      case 'tell-router':
        await this.tell([heal.router]);
        return undefined;
      case 'set-readers':
        await this.tell();
        return undefined;
    }
  }

  /** Remembered until it has ended: a member that is half built must never be taken for one that only has to follow. */
  private async rebuild(name: string, reason: string): Promise<string> {
    const { keeper } = this;
    refuseAdopted(keeper.memory.state, name, reason);
    const others = (keeper.memory.rebuilding ?? []).filter((each) => each !== name);
    keeper.memory = { ...keeper.memory, rebuilding: [...others, name] };
    const state = await topologyOf(keeper.memory.state);
    const donors = fitReaders(state, keeper.memory.findings, others).filter((each) => each !== name);
    const told = await rebuild(state, name, donors.at(-1) ?? state.primary, reason);
    keeper.memory = { ...keeper.memory, rebuilding: keeper.memory.rebuilding?.filter((each) => each !== name) };
    keeper.adopt(await topologyOf(state));
    return told;
  }

  /** Readers are taken anew at each call: they may have changed while it waited. */
  private async tell(routers?: string[]): Promise<void> {
    const { state, findings, rebuilding } = this.keeper.memory;
    const readers = fitReaders(state, findings, rebuilding);
    // A change of readers is none of the business of a switch that holds the routers; one that was left holding is told by name.
    const keepHold = routers === undefined;
    if (state.routers.length > 0)
      await summarised(work.tellRouters, `readers: ${readers.join(', ') || 'none'}`, tellOptions)(state, readers, routers, keepHold);
    if (routers || this.keeper.memory.state.epoch !== state.epoch) return;
    this.keeper.memory = { ...this.keeper.memory, readers };
    this.keeper.rewatch();
  }
}

/** Routers, fences and readers belong to the present epoch whoever holds the cluster; members are changed by one at a time. */
function needsHold(heal: Heal): boolean {
  if (heal.kind === 'start-member') return heal.besidePivot !== true;
  return ['rejoin', 'rebuild', 'reopen-primary', 'apply-role'].includes(heal.kind);
}

function nameOf(heal: Heal): string {
  switch (heal.kind) {
    case 'tell-router':
      return heal.router;
    case 'set-readers':
      return 'readers';
    default:
      return heal.member;
  }
}
