import type { DrydockClient } from '../../client/contract';
import { CliError } from '../errors';

/** The id of the newest operation, for commands that were given none; one that is under way is preferred when asked to. */
export async function newest(client: DrydockClient, preferRunning: boolean): Promise<string> {
  const [running] = preferRunning ? await steered(client, true) : [];
  const [any] = running ? [running] : await steered(client, false);
  if (!any) throw new CliError('UnknownOperation', 'there are no operations yet', [], '');
  return any.id;
}

/** A guard never ends: nobody means it by "the newest operation". */
async function steered(client: DrydockClient, running: boolean) {
  const operations = await client.list({ running: running || undefined, limit: 20 });
  return operations.filter(({ type }) => type !== 'guardCluster');
}
