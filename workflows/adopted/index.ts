import { allHandlersFinished, condition, defineUpdate, setCurrentDetails, setHandler, upsertMemo } from '@temporalio/workflow';

import { failure } from '../operation/failure';
import type { Cluster } from '../../schemas/topology';

/**
 * `adopted/<cluster>`: the record of a cluster that others made, for as long as drydock looks after it. It is in the memo, which the server
 * tells without a worker.
 */
export async function adopted(): Promise<void> {
  let over = false;
  setCurrentDetails('Nothing is written down yet.');
  setHandler(
    defineUpdate<void, [Cluster]>('record'),
    (cluster) => {
      over = false;
      upsertMemo({ cluster });
      const members = cluster.members.map(({ name, address, port }) => `- ${name} at ${address}:${port}`);
      setCurrentDetails(`### Cluster ${cluster.definition.name}, made by others\n\n${members.join('\n')}`);
    },
    {
      validator: (cluster: Cluster) => {
        if (typeof cluster?.definition?.name !== 'string' || !Array.isArray(cluster.members) || !Array.isArray(cluster.routers))
          throw failure('InvalidInput', 'record wants a cluster: {"definition", "members", "routers"}');
      },
    },
  );
  setHandler(defineUpdate('forget'), () => {
    over = true;
  });
  await condition(() => over && allHandlersFinished());
}
