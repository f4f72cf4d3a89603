import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';

import type { AnnounceActivities } from '../../activities/contracts';
import type { Announcement, AnnouncementsView } from '../../schemas/announcement';
import { clusterTarget, queues } from '../../schemas/names';
import type { Subscriber } from '../../schemas/subscribers';
import { isCancellation, meaningOf, publish, summarised } from '../operation';
import {
  accept,
  type AnnounceMemory,
  begin,
  confirm,
  fail,
  farewellMs,
  isOver,
  newMemory,
  nextFor,
  pauseMs,
  readTold,
  skip,
  viewOf,
} from './decide';
import { renderAnnouncements } from './details';

/** Retries are the workflow's own, so that it can say who has not confirmed, and why. */
const hands = proxyActivities<AnnounceActivities>({
  taskQueue: queues.work,
  startToCloseTimeout: '20s',
  heartbeatTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

const mostEvents = 2000;
const longestNote = 200;
const notesKept = 10;

/**
 * `announce/<cluster>`: tells the subscribers of a cluster of every change of primary, to each in order, until it has confirmed; lives as long
 * as the cluster (docs/announcements.md). It is told by signal and holds nobody up: who tells it does not wait for it.
 */
export async function announce(carried?: AnnounceMemory): Promise<AnnouncementsView> {
  const desk = new Desk(carried ?? newMemory());
  setHandler(defineSignal<[unknown]>('tell'), (told) => desk.tell(told));
  setHandler(defineSignal<[unknown]>('skip'), (request) => desk.skip(request));
  setHandler(defineQuery<AnnouncementsView>('announcements'), () => viewOf(desk.memory));
  setDefaultSignalHandler((name) => desk.note(`signal ${name.slice(0, 60)} is unknown`));
  const end = await desk.run();
  if (end === 'renew') await continueAsNew<typeof announce>(desk.memory);
  return viewOf(desk.memory);
}

/** Where changes come in and go out: one lane for each subscriber, so that none waits for another. */
class Desk {
  private readonly lanes = new Set<string>();
  /** Something came in: who pauses after a failure tries again at once. */
  private arrivals = 0;
  private ending = false;
  /** A fault of our own: its workflow task waits for better code. */
  private fault?: Error;
  private notes: string[] = [];

  constructor(public memory: AnnounceMemory) {}

  tell(value: unknown): void {
    const told = readTold(value, this.memory.cluster);
    if (!told) return this.note('a malformed signal tell was refused');
    this.memory = accept(this.memory, told);
    this.noteFarewell();
    this.arrived();
  }

  /** As a memo, so that whoever tells late of a cluster that is gone sees it also when this has ended. */
  private noteFarewell(): void {
    const { newest } = this.memory;
    const gone = newest?.event === 'deleted' ? newest.created : undefined;
    if ((workflowInfo().memo?.['gone'] ?? undefined) !== gone) upsertMemo({ gone: gone ?? null });
  }

  skip(request: unknown): void {
    const { subscriber, by } = (typeof request === 'object' && request !== null ? request : {}) as Record<string, unknown>;
    if (typeof subscriber !== 'string' || !this.memory.subscribers.some(({ name }) => name === subscriber))
      return this.note('a signal skip was refused: it wants {"subscriber": the name of one}');
    this.memory = skip(this.memory, subscriber);
    this.note(`what waited for ${subscriber} was skipped by ${typeof by === 'string' ? by.slice(0, 100) : 'somebody'}`);
    this.arrived();
  }

  note(text: string): void {
    this.notes = [...this.notes, `${new Date().toISOString()} ${text.slice(0, longestNote)}`].slice(-notesKept);
    this.show();
  }

  private arrived(): void {
    this.arrivals++;
    this.show();
  }

  async run(): Promise<'over' | 'renew'> {
    this.show();
    for (;;) {
      const end = this.verdict();
      if (end) {
        // What is under way ends within its time-out; then it is asked again, since a change may have come meanwhile.
        this.ending = true;
        await condition(() => this.lanes.size === 0 && allHandlersFinished());
        this.ending = false;
        const still = this.verdict();
        if (still) return still;
        continue;
      }
      for (const { name } of this.memory.subscribers) if (this.isIdle(name)) this.begin(name);
      const seen = this.arrivals;
      const news = (): boolean => this.arrivals !== seen || this.fault !== undefined || this.verdict() !== undefined;
      const ms = farewellMs(this.memory, new Date().toISOString());
      if (ms === undefined) await condition(news);
      else await condition(news, Math.max(ms, 1000));
      if (this.fault) throw this.fault;
    }
  }

  /** It has something to do and does not. */
  private isIdle(name: string): boolean {
    return !this.lanes.has(name) && nextFor(this.memory, name) !== undefined;
  }

  private begin(name: string): void {
    this.work(name).catch((error: Error) => {
      if (!isCancellation(error)) this.fault = error;
    });
  }

  private verdict(): 'over' | 'renew' | undefined {
    if (isOver(this.memory) || farewellMs(this.memory, new Date().toISOString()) === 0) return 'over';
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength > mostEvents ? 'renew' : undefined;
  }

  /** Until this subscriber has confirmed everything. */
  private async work(name: string): Promise<void> {
    this.lanes.add(name);
    try {
      for (let next = nextFor(this.memory, name); next && !this.ending; next = nextFor(this.memory, name)) {
        const seen = this.arrivals;
        if (await this.deliver(next.subscriber, next.announcement)) continue;
        const { failed } = this.memory.lanes[name] ?? { failed: 1 };
        await condition(() => this.arrivals !== seen || this.ending, pauseMs(failed));
      }
    } finally {
      this.lanes.delete(name);
    }
  }

  private async deliver(subscriber: Subscriber, announcement: Announcement): Promise<boolean> {
    const { name } = subscriber;
    this.memory = begin(this.memory, name, announcement);
    try {
      await summarised(hands.deliverAnnouncement, `${announcement.id} to ${name}`)(subscriber, announcement);
      this.memory = confirm(this.memory, name, announcement, new Date().toISOString());
      return true;
    } catch (error) {
      this.memory = fail(this.memory, name, meaningOf(error).message);
      return false;
    } finally {
      this.show();
    }
  }

  /** Search attributes cost an event each, so they change only with what is searched for. */
  private show(): void {
    const view = viewOf(this.memory);
    const open = view.subscribers.some(({ waiting }) => waiting.length > 0);
    setCurrentDetails(renderAnnouncements(view, this.notes));
    const { cluster } = this.memory;
    if (cluster !== '') publish({ target: clusterTarget(cluster), phase: open ? 'unconfirmed' : 'confirmed' });
  }
}
