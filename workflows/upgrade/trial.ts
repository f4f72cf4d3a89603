import type { ClusterDefinition } from '../../schemas/cluster';
import { trialName, type UpgradePlan } from '../../schemas/upgrade';

/**
 * The cluster's definition as the server of a rehearsal is to be made by: of the new version, with the settings that following and the way back need, and by
 * its rules neither candidate nor acknowledger.
 */
export function trialDefinition(definition: ClusterDefinition, plan: Pick<UpgradePlan, 'target' | 'settings'>): ClusterDefinition {
  const { series, image } = plan.target;
  return {
    ...definition,
    version: series,
    image,
    candidates: { ...definition.candidates, never: [...definition.candidates.never, trialName(definition.name)] },
    settings: { ...definition.settings, ...plan.settings },
  };
}
