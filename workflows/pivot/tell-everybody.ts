import { CancellationScope } from '@temporalio/workflow';

import type { ClusterState } from '../../schemas/topology';
import { tell } from '../announce/tell';
import type { Operation } from '../operation';
import { signalGuard } from './guard-signals';

/**
 * Clients write on the new primary: readers of the guard and subscribers hear it now, while the other members are being moved. Also when
 * a rollback follows at once, so that no epoch is missing. Never throws.
 */
export async function tellEverybody(op: Operation<unknown>, state: ClusterState): Promise<void> {
  const { definition, epoch, primary } = state;
  await CancellationScope.nonCancellable(() =>
    Promise.all([signalGuard(definition.name, 'primaryMoved', { epoch, primary }), tell(op, state, 'primary')]),
  );
}
