import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { NativeConnection, WorkerOptions as SdkOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

export const deploymentName = 'drydock';

/** The version that this process runs: a hash of the workflow code, so that two processes with the same code are the same version. */
export async function deploymentOf(bundle: string | undefined): Promise<NonNullable<SdkOptions['workerDeploymentOptions']>> {
  if (!bundle) throw new Error('DRYDOCK_WORKER_VERSIONING=1 needs DRYDOCK_WORKFLOW_BUNDLE: the version is a hash of the bundle');
  const buildId = createHash('sha256')
    .update(await readFile(bundle))
    .digest('hex')
    .slice(0, 16);
  return { version: { deploymentName, buildId }, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' };
}

/**
 * Makes the version current as soon as the server knows it by its pollers; before that a new installation would idle. Run by every
 * worker: the one that was started last wins, which is what an upgrade means.
 */
export async function makeCurrent(
  connection: NativeConnection,
  namespace: string,
  buildId: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        version: `${deploymentName}.${buildId}`,
        buildId,
        identity: `${process.pid}`,
      });
      log.info({ buildId }, 'this version of the code is current');
      return;
    } catch (error) {
      log.debug({ buildId, error: error instanceof Error ? error.message : String(error) }, 'this version can not be made current yet');
      await sleep(500, undefined, { signal }).catch(() => undefined);
    }
  }
}
