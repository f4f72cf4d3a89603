import type { DrydockClient } from '../client/contract';
import { lazy } from './lazy';

export interface Target {
  /** Undefined: as the environment or Temporal's configuration file says. */
  address?: string;
  namespace?: string;
  uiUrl?: string;
  /** For messages. */
  shown: string;
}

const defaultAddress = '127.0.0.1:7233';

/** Which Temporal server: the one that the environment names, else the one that this installation's worker or `up` uses. */
export async function findTarget(environment: NodeJS.ProcessEnv): Promise<Target> {
  const { openHome } = lazy.paths();
  const { recordedProcess } = lazy.processFile();
  const home = await openHome();
  const server = await recordedProcess<{ address: string; uiUrl: string }>(home, 'temporal');
  const named = environment.TEMPORAL_ADDRESS;
  if (named ?? environment.TEMPORAL_PROFILE)
    return {
      shown: named ?? `what profile ${environment.TEMPORAL_PROFILE} names`,
      uiUrl: server?.address === named ? server?.uiUrl : undefined,
    };
  const worker = await recordedProcess<{ address: string; namespace: string }>(home, 'worker-1');
  const address = worker?.address ?? server?.address;
  if (!address) return { shown: defaultAddress };
  return { address, namespace: worker?.namespace, shown: address, uiUrl: server?.address === address ? server.uiUrl : undefined };
}

export function connectTo({ address, namespace, uiUrl }: Target): Promise<DrydockClient> {
  return lazy.client().connectDrydock({ address, namespace, uiUrl: process.env.DRYDOCK_UI_URL ?? uiUrl });
}
