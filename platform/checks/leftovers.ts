import { Client } from '@temporalio/client';
import type Docker from 'dockerode';

import { labels } from '../../schemas/names';
import { withConnection } from '../configured';
import { type Check, check, ok, warning } from './check';
import type { Server } from './temporal';

/** How many are named; the rest is counted. */
const named = 5;

/** What an operation that was terminated could not give back or undo: holds, containers and volumes. */
export function leftovers(server: Server, engines: Docker[], instance: string): Promise<Check> {
  return check('leftovers', () =>
    withConnection(server.connection, async (connection) => {
      const client = new Client({ connection: connection, namespace: server.namespace });
      const found = [...(await deadHolds(client)), ...(await deadObjects(client, engines, instance))];
      if (found.length === 0) return ok('none');
      const text = found.slice(0, named).join('; ') + (found.length > named ? `; and ${found.length - named} more` : '');
      return warning(
        text,
        'The next operation on the target takes over such a hold. `npx drydock cluster delete NAME` removes what is left of a cluster.',
      );
    }),
  );
}

async function deadHolds(client: Client): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: "WorkflowType = 'hold' AND ExecutionStatus = 'Running'" })) {
    const holder = await client.workflow
      .getHandle(workflowId)
      .query<{ operation: string } | null>('holder')
      .catch(() => null);
    const status = holder && (await statusOf(client, holder.operation));
    if (holder && status !== 'RUNNING') found.push(`${workflowId} is held by ${holder.operation}, which is ${status ?? 'unknown'}`);
  }
  return found;
}

/** Containers and volumes made by an operation that did not complete. */
async function deadObjects(client: Client, engines: Docker[], instance: string): Promise<string[]> {
  const filters = { label: [`${labels.instance}=${instance}`] };
  const containers = (await Promise.all(engines.map((engine) => engine.listContainers({ all: true, filters })))).flat();
  const listed = await Promise.all(engines.map((engine) => engine.listVolumes({ filters })));
  // How a cluster was changed is true whatever became of the operation that wrote it down.
  const Volumes = listed.flatMap((each) => each.Volumes ?? []).filter(({ Labels }) => Labels?.[labels.kind] !== 'definition');
  const objects = [
    ...containers.map(({ Names, Labels }) => ({ name: `container ${Names[0]?.slice(1) ?? '?'}`, operation: Labels[labels.operation] })),
    ...Volumes.map(({ Name, Labels }) => ({ name: `volume ${Name}`, operation: Labels?.[labels.operation] })),
  ];
  const statuses = new Map<string, string | undefined>();
  for (const { operation } of objects)
    if (operation && !statuses.has(operation)) statuses.set(operation, await statusOf(client, operation));
  return objects.flatMap(({ name, operation }) => {
    const status = operation && statuses.get(operation);
    return status && ['TERMINATED', 'TIMED_OUT', 'CANCELLED', 'FAILED'].includes(status)
      ? [`${name} was left by ${operation}, which is ${status}`]
      : [];
  });
}

/** Undefined when the server does not know the operation (any more). */
async function statusOf(client: Client, operation: string): Promise<string | undefined> {
  try {
    return (await client.workflow.getHandle(operation).describe()).status.name;
  } catch {
    return undefined;
  }
}
