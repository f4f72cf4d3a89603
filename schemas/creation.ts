/** Results of createCluster, updateCluster and deleteCluster. Plain types. */
import type { Problem } from './error-codes';
import type { Endpoint } from './topology';

/** What a dry run of createCluster would make. */
export interface CreationPreview {
  cluster: string;
  /** It exists already, as asked for: nothing would be made. */
  exists: boolean;
  image: string;
  firstPrimary: string;
  members: { name: string; host: string }[];
  routers: { name: string; host: string; write?: Partial<Endpoint>; read?: Partial<Endpoint> }[];
}

export interface DeletionResult {
  cluster: string;
  /** `container x`, `volume y`, `network z`; with `dryRun` what would be removed. */
  removed: string[];
  /** Volumes and secrets that were kept. */
  kept: string[];
}

/** Answer of updateCluster; with `dryRun` what would be changed. */
export interface UpdateResult {
  cluster: string;
  /** How often the cluster's plan was changed by now. */
  revision: number;
  /** By path, what it was and what it is. */
  changes: Problem[];
}
