import { Client } from '@temporalio/client';

import type { AnnouncementsView } from '../../schemas/announcement';
import { withConnection } from '../configured';
import { type Check, check, ok, warning } from './check';
import type { Server } from './temporal';

/** How many are named; the rest is counted. */
const named = 5;

/** Subscribers that have not confirmed a change of primary. */
export function announcements(server: Server): Promise<Check> {
  return check('announcements', () =>
    withConnection(server.connection, async (connection) => {
      const client = new Client({ connection, namespace: server.namespace });
      const found: string[] = [];
      const query = `WorkflowType = 'announce' AND ExecutionStatus = 'Running'`;
      for await (const { workflowId } of client.workflow.list({ query })) {
        const view = await client.workflow.getHandle(workflowId).query<AnnouncementsView>('announcements');
        for (const { name, waiting, failed, lastError } of view.subscribers)
          if (waiting[0]) found.push(`${name} of ${view.cluster} since ${waiting[0].since}${failed > 0 ? ` (${lastError ?? ''})` : ''}`);
      }
      if (found.length === 0) return ok('every subscriber has confirmed');
      const text = found.slice(0, named).join('; ') + (found.length > named ? `; and ${found.length - named} more` : '');
      return warning(
        `not confirmed: ${text}`,
        'They are tried again until they confirm. See `npx drydock cluster show NAME` and docs/announcements.md.',
      );
    }),
  );
}
