import { WorkflowNotFoundError } from '@temporalio/client';

import { guardId } from '../schemas/names';
import { type ClientContext, within } from './context';
import type { MaintenanceOrder } from './contract';
import { DrydockError, toDrydockError } from './errors';

const updateMs = 5_000;

/** By update only, never left as a signal: somebody who is told that the guard stands still must be able to rely on it. */
export async function orderMaintenance(context: ClientContext, cluster: string, order: MaintenanceOrder): Promise<{ message: string }> {
  const handle = context.client.workflow.getHandle(guardId(cluster));
  try {
    return await within(context, updateMs, () =>
      handle.executeUpdate<{ message: string }, [MaintenanceOrder]>('maintenance', { args: [order] }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new DrydockError('UnknownCluster', `no cluster ${cluster}: nothing watches it`, [], undefined, { cause: error });
    throw toDrydockError(error);
  }
}
