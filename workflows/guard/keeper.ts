import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  log,
  proxyActivities,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type { GuardActivities } from '../../activities/contracts';
import type { GuardAction, GuardMemory, GuardView, WatchReport } from '../../schemas/guard';
import { clusterTarget, queues } from '../../schemas/names';
import type { Observation } from '../../schemas/observation';
import type { Watchers } from '../../schemas/sight';
import type { ClusterState } from '../../schemas/topology';
import { isCancellation, meaningOf, publish } from '../operation';
import { act, type GuardConfig, type Moment } from './act';
import { isLoss } from './agree';
import { renderGuard } from './details';
import { askToStandAside } from '../members/stand-aside';
import { publishTopology } from './publish-topology';
import { Healer } from './healer';
import { lookAtJournal } from './look';
import { settleMaintenance, underMaintenance } from './maintenance';
import { adoptState, forgetHealthy, leavePivotAloneMs, nextDeadline } from './memory';
import { Observers } from './observers';
import { Pivots } from './pivots';
import { keepTelling } from './telling';
import { viewOf } from './view';
import type { Watchman } from './watchman';

/** A watch returns after so long even if nothing happened: readers of the guard see figures that are not older. */
const watchSeconds = 120;
/** The first watch of a primary tells soon what it sees, so that routers and people do not wait for news. */
const firstWatchSeconds = 2;
/** Sight that is older may be from before an outage: nothing is changed on it. */
const staleMs = 10_000;
/**
 * Two to three hours, and far below Temporal's own advice: a worker that takes a guard over replays all of it before it can start
 * a pivot.
 */
const mostEvents = 500;

const watcher = proxyActivities<GuardActivities>({
  taskQueue: queues.guard,
  startToCloseTimeout: watchSeconds * 1000 + 60_000,
  heartbeatTimeout: '3s',
  // A worker that shuts down or dies is replaced at once.
  retry: { initialInterval: '50ms', backoffCoefficient: 1.5, maximumInterval: '1s' },
  // A watch that is no longer wanted ends by itself within a second.
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** Routers, readers and waiting for a person belong to what was seen last, however old. */
const changes = ({ kind }: GuardAction): boolean => !['tell-router', 'set-readers', 'hold-for-person'].includes(kind);

/** What a loss leads to, and nothing else does. */
const followsFromLoss = ({ kind }: GuardAction): boolean => kind === 'pivot' || kind === 'hold-for-person';

const namesOf = ({ members }: ClusterState): string => members.map(({ name }) => name).join();

/** Watches, decides, acts, for as long as the cluster exists. */
export class Keeper implements Watchman {
  observation?: Observation;
  stopping = false;
  /** It met a fault of its own. */
  faulty = false;
  firstSignAt = '';
  notes: string[] = [];
  private poked = false;
  private renewing = false;
  private watchBeganAt = 0;
  private watch?: CancellationScope;
  private readonly pivots: Pivots;
  private readonly healer: Healer;
  private readonly observers: Observers;
  /** Whose word a loss needs, as the last report says. */
  private watchers?: Watchers;

  constructor(
    public memory: GuardMemory,
    private readonly config: GuardConfig,
  ) {
    const { fault } = memory;
    if (fault) this.notes.push(`${fault.at} begun anew after a fault of drydock's own: ${fault.message}`);
    this.pivots = new Pivots(this);
    this.healer = new Healer(this);
    this.observers = new Observers(this);
  }

  stop(): void {
    this.stopping = true;
    this.watch?.cancel();
    this.poke();
  }

  /** Resolves when it is stopped, or when a new run should take over. */
  async run(): Promise<'stopped' | 'renew'> {
    this.show();
    try {
      await Promise.all([this.keepWatching(), this.keepDeciding(), keepTelling(this, () => this.stopping || this.renewing)]);
    } catch (error) {
      this.beginAnew(error);
    }
    await CancellationScope.nonCancellable(() => condition(() => this.healer.idle && allHandlersFinished()));
    return this.stopping ? 'stopped' : 'renew';
  }

  private async keepDeciding(): Promise<void> {
    try {
      while (!this.stopping && !this.renewing) {
        const deadline = earliest(nextDeadline(this.memory, new Date().toISOString()), this.observers.deadline(Date.now()));
        const woken = (): boolean => this.poked || this.stopping || this.renewing;
        if (deadline === undefined) await condition(woken);
        else await condition(woken, deadline);
        this.poked = false;
        this.decide();
      }
    } finally {
      this.watch?.cancel();
      this.healer.cancel();
    }
  }

  /**
   * A fault of our own must not leave a cluster unguarded: a new run takes over. It remembers what people and the journal said, and
   * none of the findings, which may be what the fault came from.
   */
  private beginAnew(error: unknown): void {
    this.faulty = true;
    this.renewing = true;
    this.watch?.cancel();
    this.healer.cancel();
    const fault = { at: new Date().toISOString(), message: meaningOf(error).message.slice(0, 300) };
    log.error('the guard begins anew after a fault of its own', { fault: error instanceof Error ? error.stack : String(error) });
    this.memory = { ...this.memory, findings: [], attempts: {}, readers: undefined, fault };
  }

  /** Readers are told at once; whatever else follows from it waits until the pivot has moved the others. */
  primaryMoved(epoch: number, primary: string): void {
    if (epoch > this.memory.state.epoch) this.memory = { ...this.memory, moved: { epoch, primary } };
    this.show();
  }

  private async keepWatching(): Promise<void> {
    const over = (): boolean => this.stopping || this.renewing;
    while (!over()) {
      // A watch that begins costs every member a new connection and a full look, just when observers look or clients come back to the new primary.
      await condition(() => !(this.pivots.busy || this.fencing || this.observers.judging) || over(), leavePivotAloneMs);
      if (over()) return;
      // What it waits for may be known already, and then the watch has no news of it.
      if (this.pivots.busy) this.decide();
      const report = await this.watchOnce();
      if (report) await this.take(report);
      if (this.mayRenew()) {
        this.renewing = true;
        return;
      }
    }
  }

  /** A planned switch has announced itself, and has not told its end yet. */
  private get fencing(): boolean {
    const { fencingUntil } = this.memory;
    return fencingUntil !== undefined && Date.parse(fencingUntil) > Date.now();
  }

  /** Undefined when the watch was given up because what is to be watched has changed. */
  private async watchOnce(): Promise<WatchReport | undefined> {
    const { state, findings, fencingUntil, readers } = this.memory;
    this.watch = new CancellationScope();
    this.watchBeganAt = Date.now();
    try {
      return await this.watch.run(() =>
        watcher.watchCluster.executeWithOptions(
          { summary: `watch ${state.definition.name}, epoch ${state.epoch}, primary ${state.primary}` },
          [
            {
              state,
              maxSeconds: this.observation ? watchSeconds : firstWatchSeconds,
              known: findings,
              expectFencingUntil: fencingUntil,
              readers,
            },
          ],
        ),
      );
    } catch (error) {
      if (!isCancellation(error)) {
        // Nothing that a watch finds is an error; whatever this is, it must not end the guard.
        this.note(`the watch failed: ${meaningOf(error).message}`);
        await sleep('2s');
      }
      return undefined;
    }
  }

  private async take(report: WatchReport): Promise<void> {
    if (report.kind === 'shutdown') return;
    this.observation = report.observation;
    this.firstSignAt = report.firstSignAt;
    // Somebody has taken them out of the inventory, or that worker has another one than the rest.
    if (this.watchers && !report.watchers)
      this.note('the watching worker knows of no observers any more: from now on its word alone counts');
    this.watchers = report.watchers;
    if (!report.findings.some(isLoss)) this.observers.forget();
    this.memory = forgetHealthy({ ...this.memory, findings: report.findings });
    this.decide();
    this.show();
    if (report.kind !== 'epoch-moved') return;
    const seen = await lookAtJournal(this.memory.state.definition.name);
    if (seen) this.adopt(seen);
    // A pivot that is still at work answers for it; looking again at once would only cost.
    if (!seen || seen.epoch <= this.memory.state.epoch) await sleep('1s');
  }

  note(text: string): void {
    this.notes = [...this.notes.slice(-9), `${new Date().toISOString()} ${text}`];
  }

  /** Another primary or epoch, or other members: watch that from now on. */
  adopt(state: ClusterState): void {
    const before = this.memory.state;
    // Of two rows of one epoch the one that was seen first stays true until a later epoch settles it.
    if (state.epoch < before.epoch || (state.epoch === before.epoch && state.primary !== before.primary)) return;
    this.memory = adoptState(this.memory, state);
    if (state.epoch > before.epoch) {
      this.healer.cancel();
      this.observation = undefined;
      this.observers.forget();
      this.pivots.reached(state.epoch);
    }
    // What is known of one that is no member any more, or not of one that is, is no ground to act on.
    if (namesOf(before) !== namesOf(state)) this.observation = undefined;
    if (JSON.stringify(before) !== JSON.stringify(state)) this.watch?.cancel();
    this.poke();
  }

  poke(): void {
    this.poked = true;
    this.show();
  }

  /** For people. */
  get heals(): string[] {
    return this.healer.running;
  }

  /** Each is begun anew, from what is true then, when the guard may heal again. */
  giveUpCopies(): void {
    this.healer.giveUpCopies();
  }

  /** Watch with what is known now. */
  rewatch(): void {
    this.watch?.cancel();
  }

  private decide(): void {
    const { memory, told } = settleMaintenance(this.memory, new Date().toISOString());
    this.memory = memory;
    if (told) {
      this.note(told);
      this.show();
    }
    if (!this.observation || this.stopping) return;
    const moment: Moment = {
      memory: this.memory,
      observation: this.observation,
      config: this.config,
      now: new Date().toISOString(),
      pivoting: this.pivots.busy,
      healing: this.healer.names,
    };
    const actions = act(moment);
    if (actions.some(changes) && this.isStale(this.observation)) {
      // What still stands is told anew within seconds.
      this.observation = undefined;
      return this.rewatch();
    }
    for (const action of this.confirmed(moment, actions)) this.perform(action, this.observation);
  }

  /** What follows from a loss waits for the word of the observers, and is not done against it. */
  private confirmed(moment: Moment, actions: GuardAction[]): GuardAction[] {
    const { findings } = moment.memory;
    const loss = findings.find(isLoss);
    if (!loss || !actions.some(followsFromLoss)) {
      this.observers.drop();
      return actions;
    }
    switch (this.observers.confirm(loss, this.watchers)) {
      case 'agreed':
        return actions;
      case 'waiting':
        return [];
      case 'refused':
        this.show();
        return act({ ...moment, memory: { ...moment.memory, findings: this.observers.weigh(findings) } });
    }
  }

  /** The watch has a first sign of a loss. Nobody is asked when nothing would follow from it. */
  doubted(epoch: number, watchers: Watchers): void {
    const { state, held } = this.memory;
    if (epoch !== state.epoch || held || this.fencing || this.pivots.busy || this.stopping) return;
    if (underMaintenance(this.memory, new Date().toISOString())) return;
    this.observers.doubted(watchers);
  }

  /** By the server's clock since the watch began, or by the clocks of both: they may differ, and then a new watch settles it. */
  private isStale({ at }: Observation): boolean {
    return Date.now() - Math.max(this.watchBeganAt, Date.parse(at)) > staleMs;
  }

  private perform(action: GuardAction, observation: Observation): void {
    switch (action.kind) {
      case 'pivot':
        this.healer.cancel();
        this.pivots.start(action, observation, this.firstSignAt);
        return Object.values(this.memory.builders ?? {}).forEach(askToStandAside);
      case 'hold-for-person':
        this.memory = { ...this.memory, held: { reason: action.reason, since: new Date().toISOString(), by: 'the guard', flapping: true } };
        return this.show();
      default:
        return this.healer.start(action);
    }
  }

  private mayRenew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return (
      (continueAsNewSuggested || historyLength > mostEvents) &&
      (!this.pivots.busy || this.pivots.foreign) &&
      this.healer.idle &&
      this.observers.idle &&
      allHandlersFinished()
    );
  }

  view(): GuardView {
    return viewOf(this.memory, this.observers.weigh(this.memory.findings), this.observation);
  }

  phase(): string {
    if (this.memory.held) return 'held';
    if (this.pivots.busy) return 'pivoting';
    return this.healer.idle ? 'watching' : 'healing';
  }

  /** What people see of it. Search attributes cost an event each, so they change only with what is searched for. */
  show(): void {
    const phase = this.memory.held ? 'held' : 'watching';
    setCurrentDetails(renderGuard(this.view(), this.phase(), this.healer.running, this.notes));
    publish({ operation: 'guardCluster', target: clusterTarget(this.memory.state.definition.name), phase });
    const { epoch, primary } = this.view().state;
    publishTopology({ epoch, primary });
  }
}

const earliest = (...bounds: (number | undefined)[]): number | undefined => {
  const known = bounds.filter((bound) => bound !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};
