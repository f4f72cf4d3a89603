/** Every workflow type by its name, and the handler of all other names. Temporal's bundle is made from this file. */
import { setWorkflowOptions } from '@temporalio/workflow';

import { createCluster } from './cluster/create';
import { deleteCluster } from './cluster/delete';
import { guardCluster } from './guard/guard';
import { hold } from './hold';
import { pivot } from './pivot/pivot';
import { proof } from './pivot/proof';

export { createCluster, deleteCluster, guardCluster, hold, pivot, proof };
export { default } from './unknown';

// A fault of our own fails the workflow instead of retrying its task for ever; a history that does not fit the code still waits for
// the right code. Where worker deployments are used (docs/workers.md), what never ends moves to the new version of the code at its
// next task, and everything else ends on the version that it began with.
for (const endless of [guardCluster, hold])
  setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE', failureExceptionTypes: [Error] }, endless as (raw: never) => Promise<unknown>);
for (const ending of [createCluster, deleteCluster, pivot, proof])
  setWorkflowOptions({ versioningBehavior: 'PINNED', failureExceptionTypes: [Error] }, ending as (raw: never) => Promise<unknown>);
