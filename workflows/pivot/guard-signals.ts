import { getExternalWorkflowHandle } from '@temporalio/workflow';

import { guardId } from '../../schemas/names';
import { isCancellation } from '../operation';

/** How long the guard takes a read-only primary for fenced on purpose: the bound of the switch and another attempt of it. */
const FENCING_ALLOWANCE_MS = 20_000;

/** What an operation fences on purpose is told to the guard first. */
export async function expectFencing(cluster: string): Promise<void> {
  const until = new Date(Date.now() + FENCING_ALLOWANCE_MS).toISOString();
  await signalGuard(cluster, 'expectFencing', { until });
}

/** A cluster without a guard is worked all the same. */
export async function signalGuard(cluster: string, signal: string, argument: unknown): Promise<void> {
  try {
    await getExternalWorkflowHandle(guardId(cluster)).signal(signal, argument);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Nobody guards this cluster; `cluster show` says so.
  }
}

/** A switch was given up: a read-only primary is a finding again. */
export async function fencingIsOver(cluster: string): Promise<void> {
  await signalGuard(cluster, 'expectFencing', { until: new Date(Date.now()).toISOString() });
}
