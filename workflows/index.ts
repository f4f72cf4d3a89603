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
// the right code.
for (const workflow of [createCluster, deleteCluster, guardCluster, hold, pivot, proof])
  setWorkflowOptions({ failureExceptionTypes: [Error] }, workflow as (raw: never) => Promise<unknown>);
