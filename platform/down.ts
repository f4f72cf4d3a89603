import { rm } from 'node:fs/promises';

import { engineProblem } from './engine';
import type { Say } from './errors';
import { readInventory } from './inventory/read';
import { enginesOf } from './inventory/report';
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
  const instance = await instanceOf(home);
  const hosts = enginesOf(await readInventory(home));
  const problems = await Promise.all(hosts.map(async ({ name, engine }) => ({ name, problem: await engineProblem(engine) })));
  const silent = problems.filter(({ problem }) => problem !== undefined).map(({ name, problem }) => `${name}: ${problem}`);
  if (silent.length > 0) throw new Error(`an engine does not answer, so clusters and the home are kept: ${silent.join('; ')}`);
  for (const { name, engine } of hosts) {
    const { containers, networks, volumes } = await removeObjects(engine, instance);
    say(`deleted ${containers} containers, ${networks} networks, ${volumes} volumes on host ${name}`);
  }
  await rm(home.root, { recursive: true, force: true });
  say(`deleted ${home.root}`);
}
