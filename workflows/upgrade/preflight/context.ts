import type { Observation } from '../../../schemas/observation';
import type { ClusterState } from '../../../schemas/topology';
import type { SeedingRecipe, Series, Target, UpgradeExamination, UpgradeFinding, VersionPair, WayBack } from '../../../schemas/upgrade';
import type { UpgradeStep } from '../../../schemas/upgrade-plan';
import type { DdlVerdict } from '../ddl/judge';

/** All that a check is given. */
export interface PreflightContext {
  state: ClusterState;
  observation: Observation;
  examination: UpgradeExamination;
  from: Series;
  target: Target;
  /** Undefined when nothing is known of it. */
  pair?: VersionPair;
  seeding?: SeedingRecipe;
  wayBack?: WayBack;
  ddl: DdlVerdict[];
  steps: UpgradeStep[];
  /** Members that will be built. */
  newMembers: { name: string; host: string }[];
  /** Seconds until the cut-over as far as they are known. */
  estimatedSeconds: number;
}

/** A check finds what refuses an upgrade and what is worth knowing; `accepted` is decided elsewhere. */
export type PreflightCheck = (context: PreflightContext) => Found[];

export type Found = Omit<UpgradeFinding, 'verdict' | 'acceptable'> & { verdict: 'refused' | 'acceptable' | 'named' };

/** It must be mended. */
export const refused = (check: string, path: string, message: string, remedy: string): Found => ({
  check,
  verdict: 'refused',
  path,
  message,
  remedy,
});

/** It refuses unless the plan takes it on. */
export const acceptable = (check: string, path: string, message: string, remedy: string): Found => ({
  check,
  verdict: 'acceptable',
  path,
  message,
  remedy,
});

export const named = (check: string, path: string, message: string, remedy: string): Found => ({
  check,
  verdict: 'named',
  path,
  message,
  remedy,
});

/** A list that was cut says so. */
export function cut(check: string, more: number): Found[] {
  return more === 0 ? [] : [named(check, '', `${more} more of the same are not listed`, 'mend those that are, and look again')];
}

export const isAtLeast = ({ series }: Series, major: number, minor: number): boolean => {
  const [ours = 0, our = 0] = series.split('.').map(Number);
  return ours > major || (ours === major && our >= minor);
};
