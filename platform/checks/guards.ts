import { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type Docker from 'dockerode';

import { adoptedId, guardId, labels } from '../../schemas/names';
import { withConnection } from '../configured';
import { type Check, check, ok, warning } from './check';
import type { Server } from './temporal';

type Guarding = 'watched' | 'waits' | 'none';

/**
 * Every cluster has a guard that runs, and a worker that watches for it. A guard that was terminated, or that ended in an error, is missed by
 * nobody else; nor is a watch for which no worker has a free slot.
 */
export function guards(server: Server, engines: Docker[], instance: string): Promise<Check> {
  return check('guards', () =>
    withConnection(server.connection, async (connection) => {
      const client = new Client({ connection, namespace: server.namespace });
      const filters = { label: [`${labels.instance}=${instance}`, `${labels.kind}=member`] };
      const containers = (await Promise.all(engines.map((engine) => engine.listContainers({ all: true, filters })))).flat();
      const made = containers.flatMap(({ Labels }) => target(Labels) ?? []);
      const clusters = [...new Set([...made, ...(await adoptedClusters(client))])].sort();
      const states = await Promise.all(
        clusters.map(async (cluster) => ({ cluster, guarding: await guardingOf(client, guardId(cluster)) })),
      );
      const those = (wanted: Guarding): string[] => states.filter(({ guarding }) => guarding === wanted).map(({ cluster }) => cluster);
      const [unguarded, waiting] = [those('none'), those('waits')];
      if (unguarded.length === 0 && waiting.length > 0)
        return warning(
          `guards whose watch waits for a worker: ${waiting.join(', ')}`,
          'Start a further worker, or one that serves the queue drydock-guard (docs/workers.md, "How many clusters").',
        );
      if (unguarded.length === 0) return ok(clusters.length === 0 ? 'no clusters' : `guarded: ${clusters.join(', ')}`);
      return warning(
        `not guarded: ${unguarded.join(', ')}`,
        `temporal workflow start --type guardCluster --task-queue drydock --workflow-id ${guardId('NAME')} --input '{"cluster": "NAME"}' starts one.`,
      );
    }),
  );
}

/** Clusters that others made have no containers of drydock. */
async function adoptedClusters(client: Client): Promise<string[]> {
  const names: string[] = [];
  const query = "WorkflowType = 'adopted' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of client.workflow.list({ query })) names.push(workflowId.slice(adoptedId('').length));
  return names;
}

/** The cluster's name out of `cluster/<name>`. */
const target = (found: Record<string, string>): string | undefined => found[labels.target]?.split('/')[1];

/** A watch that has just been asked for is taken within this time. */
const takenWithinMs = 5000;

async function guardingOf(client: Client, id: string): Promise<Guarding> {
  try {
    const { status, raw } = await client.workflow.getHandle(id).describe();
    if (status.name !== 'RUNNING') return 'none';
    const waits = raw.pendingActivities?.some(
      ({ activityType, state, scheduledTime }) =>
        activityType?.name === 'watchCluster' && state === scheduled && Date.now() - millisecondsOf(scheduledTime) > takenWithinMs,
    );
    return waits ? 'waits' : 'watched';
  } catch {
    return 'none';
  }
}

const scheduled = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;

const millisecondsOf = (time: { seconds?: unknown } | null | undefined): number => Number(time?.seconds ?? 0) * 1000;
