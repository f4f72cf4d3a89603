import { connect as connectSocket } from 'node:net';

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

/** Rejects at once where nobody listens; gRPC would try again and again until its time-out. */
function nobodyListens(address: string): Promise<void> {
  const [, host, port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!host || !port) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
    const end = (error?: NodeJS.ErrnoException): void => {
      socket.destroy();
      // Only a refusal is certain: whatever else goes wrong is left to gRPC, which may go by a proxy.
      if (error?.code === 'ECONNREFUSED') reject(error);
      else resolve();
    };
    socket.once('connect', () => end());
    socket.once('error', end);
    socket.setTimeout(1000, () => end());
  });
}

export async function connectTo({ address, namespace, uiUrl, shown }: Target): Promise<DrydockClient> {
  await nobodyListens(shown);
  return lazy.client().connectDrydock({ address, namespace, uiUrl: process.env.DRYDOCK_UI_URL ?? uiUrl });
}
