import type { Connection } from '@temporalio/client';

import { observerQueue } from '../../schemas/names';
import { withConnection } from '../configured';
import { readInventory } from '../inventory/read';
import type { Home } from '../paths';
import { type Check, check, missing, ok, warning } from './check';
import type { Server } from './temporal';

/** A poll lasts a minute; one that is longer ago was the last of its worker. */
const recentSeconds = 70;
const activityQueue = 2;

/** Observers that the inventory names have a worker each. Without one of them its word is missing; without most of them no pivot starts. */
export function observersPoll(server: Server, home: Home): Promise<Check> {
  return check('observers', async () => {
    const { observers } = await readInventory(home);
    if (observers.length === 0) return ok('none are named: each guard relies on its own sight');
    return withConnection(server.connection, async (connection) => {
      const polled = await Promise.all(observers.map((name) => isPolled(connection, server.namespace, observerQueue(name))));
      const absent = observers.filter((_, index) => !polled[index]);
      if (absent.length === 0) return ok(observers.join(', '));
      const found = `no worker observes as ${absent.join(', ')}`;
      const remedy = `Start one there with DRYDOCK_OBSERVER=${absent[0] ?? 'NAME'} (docs/sight.md).`;
      // The watching worker may be none of them.
      const watchers = observers.length + 1;
      const enough = watchers - absent.length > watchers / 2;
      return enough
        ? warning(found, remedy)
        : missing(`${found}: too few are left to agree on a loss, and no unplanned pivot starts`, remedy);
    });
  });
}

async function isPolled(connection: Connection, namespace: string, queue: string): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: activityQueue,
  });
  const since = Date.now() / 1000 - recentSeconds;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > since);
}
