import { rm } from 'node:fs/promises';

import { engineProblem, localEngine } from './engine';
import type { Say } from './errors';
import { removeObjects } from './objects';
import { instanceOf, openHome } from './paths';
import { runningTemporal, stopTemporal } from './temporal';
import { workerName } from './up';
import { runningWorker, stopWorker } from './worker';

export interface DownOptions {
  /** Also deletes the clusters of this installation, their data and its home. */
  deleteData: boolean;
  say: Say;
  home?: string;
}

/** Stops the worker and the Temporal server that `up` started. Clusters serve on, unwatched, unless their deletion was asked for. */
export async function down({ deleteData, say, home: root }: DownOptions): Promise<void> {
  const home = await openHome(root);
  if (await runningWorker(home, workerName)) say('stopping the worker: what it has begun is finished');
  await stopWorker(home, workerName);
  if (await runningTemporal(home)) say("stopping Temporal's server");
  await stopTemporal(home);
  if (!deleteData) return;
  const engine = localEngine();
  const problem = await engineProblem(engine);
  if (problem !== undefined) throw new Error(`the engine does not answer, so clusters and the home are kept: ${problem}`);
  const removed = await removeObjects(engine, await instanceOf(home));
  say(`deleted ${removed.containers} containers, ${removed.networks} networks, ${removed.volumes} volumes`);
  await rm(home.root, { recursive: true, force: true });
  say(`deleted ${home.root}`);
}
