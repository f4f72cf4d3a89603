import { Client } from '@temporalio/client';

import { withConnection } from '../configured';
import { type Check, check, ok, warning } from './check';
import type { Server } from './temporal';

/** Tasks that failed so often wait for better code; fewer failures come from a worker that was just replaced. */
const blockedFrom = 3;
/** Looked at, the newest first: an installation runs a guard per cluster and few operations. */
const most = 500;

/** A workflow whose code failed: its task is tried again for ever, and meanwhile it does nothing. A guard so blocked guards nothing. */
export function workflowTasks(server: Server): Promise<Check> {
  return check('workflow tasks', () =>
    withConnection(server.connection, async (connection) => {
      const client = new Client({ connection, namespace: server.namespace });
      const blocked: string[] = [];
      let running = 0;
      for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
        if (++running > most) break;
        const { raw } = await client.workflow.getHandle(workflowId).describe();
        const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
        if (attempt >= blockedFrom) blocked.push(`${workflowId} (attempt ${attempt})`);
      }
      if (blocked.length === 0) return ok(`none blocked, ${running} workflows running`);
      return warning(
        `blocked: ${blocked.join(', ')}`,
        '`npx drydock op show ID` tells why. Start workers of a version that fits; the workflow goes on by itself.',
      );
    }),
  );
}
