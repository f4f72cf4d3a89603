import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';

import type { Progress } from '../schemas/operation';
import { answerMs, type ClientContext, within } from './context';
import type { OperationView } from './contract';
import { DrydockError, toDrydockError } from './errors';
import { pendingOf, summaryOf, uiLink } from './view';

/** Everything that can be said of an operation: by its worker, by its result, or by the server alone. */
export async function showOperation(context: ClientContext, id: string): Promise<OperationView> {
  const description = await describe(context, id);
  const { namespace } = context;
  const base: OperationView = {
    ...summaryOf(description),
    pending: pendingOf(description),
    uiUrl: uiLink(context.uiUrl, namespace, id, description.runId),
  };
  return base.status === 'RUNNING' ? { ...base, ...(await running(context, description)) } : { ...base, ...(await closed(context, base)) };
}

/** Progress from the worker; undefined when none answers in time. */
export async function queryProgress(context: ClientContext, id: string): Promise<Progress | undefined> {
  try {
    return await within(context, answerMs, () => context.client.workflow.getHandle(id).query<Progress>('progress'));
  } catch {
    return undefined;
  }
}

async function describe({ client }: ClientContext, id: string): Promise<WorkflowExecutionDescription> {
  try {
    return await client.workflow.getHandle(id).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new DrydockError(
        'HistoryTooOld',
        `no operation ${id}; it never was, or it was closed so long ago that it was removed`,
        [],
        undefined,
        { cause: error },
      );
    throw error;
  }
}

async function running(context: ClientContext, description: WorkflowExecutionDescription): Promise<Partial<OperationView>> {
  const progress = await queryProgress(context, description.workflowId);
  const attempt = description.raw.pendingWorkflowTask?.attempt ?? 1;
  const phase = progress ? { phase: progress.phase, target: progress.target } : {};
  if (attempt <= 1) return { ...phase, progress };
  return { ...phase, progress, stuckWorkflowTask: { attempt, failure: await lastTaskFailure(context, description) } };
}

/** Why the last workflow task failed, from the end of the history. */
async function lastTaskFailure(context: ClientContext, { workflowId, runId }: WorkflowExecutionDescription): Promise<string | undefined> {
  const { history } = await context.connection.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: context.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 10,
  });
  for (const event of history?.events ?? []) {
    if (event.workflowTaskFailedEventAttributes) return event.workflowTaskFailedEventAttributes.failure?.message ?? undefined;
    if (event.workflowTaskTimedOutEventAttributes) return 'no worker answered in time';
  }
  return undefined;
}

async function closed({ client }: ClientContext, { id, runId }: OperationView): Promise<Partial<OperationView>> {
  try {
    const result: unknown = await client.workflow.getHandle(id, runId).result();
    const progress = (result as { progress?: Progress } | null)?.progress;
    return { result, progress, ...(progress ? { target: progress.target } : {}) };
  } catch (error) {
    const { code, message, problems, progress } = toDrydockError(error);
    return { failure: { code, message, problems }, progress, ...(progress?.target ? { target: progress.target } : {}) };
  }
}
