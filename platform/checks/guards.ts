import { Client } from '@temporalio/client';
import type Docker from 'dockerode';

import { adoptedId, guardId, labels } from '../../schemas/names';
import { withConnection } from '../configured';
import { type Check, check, ok, warning } from './check';
import type { Server } from './temporal';

/** Every cluster has a guard that runs. One that was terminated, or that ended in an error, is missed by nobody else. */
export function guards(server: Server, engines: Docker[], instance: string): Promise<Check> {
  return check('guards', () =>
    withConnection(server.connection, async (connection) => {
      const client = new Client({ connection, namespace: server.namespace });
      const filters = { label: [`${labels.instance}=${instance}`, `${labels.kind}=member`] };
      const containers = (await Promise.all(engines.map((engine) => engine.listContainers({ all: true, filters })))).flat();
      const made = containers.flatMap(({ Labels }) => target(Labels) ?? []);
      const clusters = [...new Set([...made, ...(await adoptedClusters(client))])].sort();
      const states = await Promise.all(clusters.map(async (cluster) => ({ cluster, runs: await isRunning(client, guardId(cluster)) })));
      const unguarded = states.filter(({ runs }) => !runs).map(({ cluster }) => cluster);
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

const isRunning = async (client: Client, id: string): Promise<boolean> =>
  client.workflow
    .getHandle(id)
    .describe()
    .then(({ status }) => status.name === 'RUNNING')
    .catch(() => false);
