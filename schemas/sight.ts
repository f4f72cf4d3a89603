/** Watchers of a cluster in several places, and what each says of the primary. Plain types; docs/sight.md. */

/**
 * What one watcher says of the primary, by a look of its own.
 * - `lost`: it does not answer, and what it reaches of the replicas has lost it, too.
 * - `sees`: it answers in some way, or a replica still receives from it.
 * - `blind`: too little is reached to say either.
 */
export type Say = 'lost' | 'sees' | 'blind';

/** Answer of an observer. */
export interface ObserverReport {
  observer: string;
  says: Say;
  /** For people. */
  detail: string;
}

/** Who watches beside whom, as the worker of a watch knows it from the inventory. */
export interface Watchers {
  /** The place of that worker, when it has a name: it is not asked for its word twice. */
  self?: string;
  observers: string[];
}
