import type { GuardMemory } from '../../schemas/guard';
import type { ClusterState } from '../../schemas/topology';

/** What the parts of the guard (pivots, heals) see of the whole. */
export interface Watchman {
  memory: GuardMemory;
  /** The cluster is in this state: watch that from now on. An older epoch is ignored. */
  adopt(state: ClusterState): void;
  /** Something changed: decide anew. */
  poke(): void;
  /** Begin a new watch with what is known now. */
  rewatch(): void;
  /** One line for people. */
  note(text: string): void;
}
