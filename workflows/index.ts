/** Every workflow type by its name, and the handler of all other names. Temporal's bundle is made from this file. */
import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';

import { adopted } from './adopted';
import { adoptCluster } from './adoption/adopt';
import { announce } from './announce';
import { createCluster } from './cluster/create';
import { deleteCluster } from './cluster/delete';
import { updateCluster } from './cluster/update';
import { errant } from './errant/errant';
import { guardCluster } from './guard/guard';
import { hold } from './hold';
import { addMember } from './members/add';
import { removeMember } from './members/remove';
import { replaceMember } from './members/replace';
import { pivot } from './pivot/pivot';
import { proof } from './pivot/proof';
import { upgrade } from './upgrade/upgrade';

export {
  addMember,
  adoptCluster,
  adopted,
  announce,
  createCluster,
  deleteCluster,
  errant,
  guardCluster,
  hold,
  pivot,
  proof,
  removeMember,
  replaceMember,
  updateCluster,
  upgrade,
};
export { default } from './unknown';

/** Worker deployments are in use (docs/workers.md); a server refuses a versioning behaviour from a worker without a version. */
const versioned = (): boolean => Boolean(workflowInfo().currentDeploymentVersion?.deploymentName);

// A fault of our own fails an operation instead of retrying its task for ever; a history that does not fit the code still waits for
// the right code. What never ends must not be ended by a fault: its task waits for better code, and it moves to a new version at its
// next task; operations end on the version that they began with.
for (const endless of [adopted, announce, guardCluster, hold])
  setWorkflowOptions(() => (versioned() ? { versioningBehavior: 'AUTO_UPGRADE' } : {}), endless as (raw: never) => Promise<unknown>);
for (const ending of [
  addMember,
  adoptCluster,
  createCluster,
  deleteCluster,
  errant,
  pivot,
  proof,
  removeMember,
  replaceMember,
  updateCluster,
  upgrade,
])
  setWorkflowOptions({ failureExceptionTypes: [Error] }, ending as (raw: never) => Promise<unknown>);
