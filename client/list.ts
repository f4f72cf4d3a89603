import { clusterTarget, workflowTypes } from '../schemas/names';
import type { ClientContext } from './context';
import type { DrydockClient, OperationSummary } from './contract';
import { summaryOf } from './view';

type Filter = NonNullable<Parameters<DrydockClient['list']>[0]>;

/** The question to the server's visibility store. Pure. */
export function visibilityQuery({ target, running }: Filter): string {
  const types = workflowTypes.map((type) => `'${type}'`).join(', ');
  const parts = [`WorkflowType IN (${types})`];
  if (target) parts.push(`DrydockTarget = '${(target.includes('/') ? target : clusterTarget(target)).replace(/['"\\]/g, '')}'`);
  if (running) parts.push(`ExecutionStatus = 'Running'`);
  return parts.join(' AND ');
}

/** Operations, the latest first. */
export async function listOperations({ client }: ClientContext, filter: Filter = {}): Promise<OperationSummary[]> {
  const { limit = 50 } = filter;
  const found: OperationSummary[] = [];
  for await (const info of client.workflow.list({ query: visibilityQuery(filter), pageSize: Math.min(limit, 200) })) {
    if (found.push(summaryOf(info)) >= limit) break;
  }
  return found.sort((one, other) => other.startedAt.localeCompare(one.startedAt));
}
