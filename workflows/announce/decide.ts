/** Who is told what next: pure functions over plain data, which goes through continue-as-new. */
import {
  type Announcement,
  type AnnouncementsView,
  comparePlaces,
  kindOf,
  type Place,
  placeOf,
  type SubscriberView,
  type Told,
} from '../../schemas/announcement';
import type { Subscriber } from '../../schemas/subscribers';

/** What one subscriber has had. */
export interface Lane {
  /** The newest that it confirmed, or that a person skipped. */
  passed?: Place;
  confirmed?: SubscriberView['confirmed'];
  /** It may have had this one without our knowing: nothing earlier is sent any more. */
  begun?: Place;
  failed: number;
  lastError?: string;
  skipped: number;
}

export interface AnnounceMemory {
  /** Of the first change that was told; empty before. */
  cluster: string;
  /** As the newest change named them. */
  subscribers: Subscriber[];
  /** Of the plan that named them; 0 as it was made. */
  revision?: number;
  /** What somebody has yet to confirm, in order. */
  waiting: Announcement[];
  /** The newest that was ever told. */
  newest?: Place & { at: string };
  lanes: Record<string, Lane>;
}

/** More wait for nobody: what is remembered has to fit into one message to the server. */
export const MOST_WAITING = 200;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_ERROR = 300;

export const newMemory = (): AnnounceMemory => ({ cluster: '', subscribers: [], waiting: [], lanes: {} });

/** Pause after so many failures in a row, in milliseconds. */
export const pauseMs = (failed: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failed - 1, 10));

const laneOf = (memory: AnnounceMemory, name: string): Lane => memory.lanes[name] ?? { failed: 0, skipped: 0 };

const withLane = (memory: AnnounceMemory, name: string, lane: Lane): AnnounceMemory => ({
  ...memory,
  lanes: { ...memory.lanes, [name]: lane },
});

/** A key store holds what is true now; whoever listens to a webhook hears every change. */
const wantsEvery = (subscriber: Subscriber): boolean => kindOf(subscriber) === 'webhook';

/** What a subscriber has yet to be told, in order; of a key store's only the last matters. */
function waitingFor(memory: AnnounceMemory, subscriber: Subscriber): Announcement[] {
  const { passed, begun } = laneOf(memory, subscriber.name);
  const open = memory.waiting.filter((each) => (!passed || comparePlaces(each, passed) > 0) && (!begun || comparePlaces(each, begun) >= 0));
  return wantsEvery(subscriber) ? open : open.slice(-1);
}

/** A change was told, perhaps again, late, or after a later one. Keeps the order and what nobody needs out of memory. */
export function accept(memory: AnnounceMemory, { announcement, subscribers, revision = 0 }: Told): AnnounceMemory {
  const { newest } = memory;
  const order = newest ? comparePlaces(announcement, newest) : 1;
  const known = memory.waiting.some((each) => comparePlaces(each, announcement) === 0);
  // A pivot that began before the list was changed tells a later epoch with the list of before.
  const sameCluster = newest?.created === announcement.created;
  const outdated = sameCluster && revision < (memory.revision ?? 0);
  const changed = order === 0 && revision > (memory.revision ?? 0);
  if (known && !changed) return memory;
  const told = (order > 0 && !outdated) || changed ? withSubscribers(memory, subscribers, revision) : memory;
  const next = order > 0 ? { ...told, newest: { ...placeOf(announcement), at: announcement.at } } : told;
  const waiting = known ? next.waiting : [...next.waiting, announcement].sort(comparePlaces);
  return bounded(tidy({ ...next, cluster: announcement.cluster, waiting }));
}

/** Who is reached elsewhere from now on has had nothing yet. */
function withSubscribers(memory: AnnounceMemory, subscribers: Subscriber[], revision: number): AnnounceMemory {
  const moved = subscribers.filter((each) => {
    const before = memory.subscribers.find(({ name }) => name === each.name);
    return before !== undefined && addressOf(before) !== addressOf(each);
  });
  const lanes = Object.entries(memory.lanes).filter(([name]) => !moved.some((each) => each.name === name));
  return {
    ...memory,
    subscribers,
    lanes: Object.fromEntries(lanes),
    ...(revision > 0 || memory.revision !== undefined ? { revision } : {}),
  };
}

const addressOf = ({ webhook, consul, etcd }: Subscriber): string =>
  JSON.stringify([webhook?.url, consul?.url, consul?.key, etcd?.urls, etcd?.key]);

/** Drops what nobody waits for, and what is remembered of who is no subscriber any more. */
function tidy(memory: AnnounceMemory): AnnounceMemory {
  const needed = new Set(memory.subscribers.flatMap((subscriber) => waitingFor(memory, subscriber)).map(({ id }) => id));
  const names = new Set(memory.subscribers.map(({ name }) => name));
  return {
    ...memory,
    waiting: memory.waiting.filter(({ id }) => needed.has(id)),
    lanes: Object.fromEntries(Object.entries(memory.lanes).filter(([name]) => names.has(name))),
  };
}

/** The oldest goes, and who should have had it is told so by the count. */
function bounded(memory: AnnounceMemory): AnnounceMemory {
  const [oldest, ...rest] = memory.waiting;
  if (!oldest || memory.waiting.length <= MOST_WAITING) return memory;
  const losers = memory.subscribers.filter((subscriber) => waitingFor(memory, subscriber).includes(oldest));
  const lanes = Object.fromEntries(
    losers.map(({ name }) => {
      const lane = laneOf(memory, name);
      return [name, { ...lane, passed: placeOf(oldest), skipped: lane.skipped + 1 }];
    }),
  );
  return bounded({ ...memory, waiting: rest, lanes: { ...memory.lanes, ...lanes } });
}

/** What this subscriber is to be told now: a webhook the earliest that it lacks, a key store the newest. */
export function nextFor(memory: AnnounceMemory, name: string): { subscriber: Subscriber; announcement: Announcement } | undefined {
  const subscriber = memory.subscribers.find((each) => each.name === name);
  const announcement = subscriber && waitingFor(memory, subscriber)[0];
  return announcement && { subscriber, announcement };
}

/** Noted before the attempt, which may arrive although its answer does not. */
export function begin(memory: AnnounceMemory, name: string, announcement: Announcement): AnnounceMemory {
  return withLane(memory, name, { ...laneOf(memory, name), begun: placeOf(announcement) });
}

export function confirm(memory: AnnounceMemory, name: string, announcement: Announcement, at: string): AnnounceMemory {
  const { skipped, passed } = laneOf(memory, name);
  const place = placeOf(announcement);
  const confirmed = { epoch: announcement.epoch, event: announcement.event, at };
  // A person may have skipped it, and later ones, while it was under way.
  return tidy(
    withLane(memory, name, { passed: passed && comparePlaces(passed, place) > 0 ? passed : place, confirmed, failed: 0, skipped }),
  );
}

export function fail(memory: AnnounceMemory, name: string, error: string): AnnounceMemory {
  const lane = laneOf(memory, name);
  return withLane(memory, name, { ...lane, failed: lane.failed + 1, lastError: error.slice(0, LONGEST_ERROR) });
}

/** A person gives up what waits for a subscriber now; later changes are told again. */
export function skip(memory: AnnounceMemory, name: string): AnnounceMemory {
  const subscriber = memory.subscribers.find((each) => each.name === name);
  const open = subscriber ? waitingFor(memory, subscriber) : [];
  const last = open.at(-1);
  if (!last) return memory;
  const { confirmed, skipped } = laneOf(memory, name);
  return tidy(withLane(memory, name, { passed: placeOf(last), confirmed, failed: 0, skipped: skipped + open.length }));
}

/** Nothing will be told any more: the cluster is gone and everybody knows, or nobody is to be told. */
export const isOver = ({ newest, waiting, subscribers }: AnnounceMemory): boolean =>
  newest !== undefined && waiting.length === 0 && (newest.event === 'deleted' || subscribers.length === 0);

/** Of a cluster that is gone, who does not answer for so long is no longer waited for. */
const FAREWELL_MS = 24 * 3600 * 1000;

/** Milliseconds until nobody is waited for any more; undefined while the cluster exists. */
export function farewellMs({ newest }: AnnounceMemory, now: string): number | undefined {
  return newest?.event === 'deleted' ? Math.max(0, Date.parse(newest.at) + FAREWELL_MS - Date.parse(now)) : undefined;
}

export function viewOf(memory: AnnounceMemory): AnnouncementsView {
  return {
    cluster: memory.cluster,
    subscribers: memory.subscribers.map((subscriber) => {
      const { confirmed, failed, lastError, skipped } = laneOf(memory, subscriber.name);
      const waiting = waitingFor(memory, subscriber).map(({ epoch, event, at }) => ({ epoch, event, since: at }));
      return { name: subscriber.name, kind: kindOf(subscriber), confirmed, waiting, failed, lastError, skipped };
    }),
  };
}

/** A signal is read without trust: what is malformed, or of another cluster, is ignored. */
export function readTold(value: unknown, cluster: string): Told | undefined {
  const { announcement, subscribers, revision } = fields(value) as Partial<Told>;
  const { id, event, created, epoch, at, primary } = fields(announcement) as Partial<Announcement>;
  const valid =
    [id, created, at].every((text) => typeof text === 'string') &&
    !Number.isNaN(Date.parse(at ?? '')) &&
    (event === 'primary' || event === 'deleted') &&
    Number.isInteger(epoch) &&
    typeof fields(primary)['name'] === 'string' &&
    typeof announcement?.cluster === 'string' &&
    (cluster === '' || announcement.cluster === cluster) &&
    Array.isArray(subscribers) &&
    subscribers.every((one: unknown) => typeof fields(one)['name'] === 'string');
  return valid ? { announcement, subscribers, ...(Number.isInteger(revision) ? { revision } : {}) } : undefined;
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
