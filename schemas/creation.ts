/** Results of createCluster and deleteCluster. Plain types. */
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
