import { Context } from '@temporalio/activity';
import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';

import type { Acquire, AcquireAnswer, Busy, Holder, Release } from '../../schemas/hold';
import { holdId, queues } from '../../schemas/names';
import type { Progress } from '../../schemas/operation';
import { failure } from '../failure';

/**
 * Takes `hold/<target>`; a holder that is no longer running is replaced. Throws Conflict, at once and for good, naming the holder; one
 * that is waited for is answered instead.
 */
export async function acquireHold(client: Client, target: string, operation: string, waitedFor?: string): Promise<Busy | undefined> {
  const { runId } = Context.current().info.workflowExecution ?? { runId: '' };
  let answer = await ask(client, target, { operation, runId });
  if (!answer.taken && !(await isRunning(client, answer.holder)))
    answer = await ask(client, target, { operation, runId, replaces: answer.holder });
  if (answer.taken) return undefined;
  if (answer.holder.operation === waitedFor) return { holder: answer.holder, does: await deedsOf(client, answer.holder) };
  throw conflict(target, answer.holder);
}

/** For people only: who waits goes on waiting when the holder does not say. */
async function deedsOf(client: Client, { operation }: Holder): Promise<string[]> {
  try {
    const { steps } = await client.withDeadline(Date.now() + 2000, () => client.workflow.getHandle(operation).query<Progress>('progress'));
    return steps.filter(({ state }) => state === 'running').map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Gives the hold back. Nothing happens when it is held by another, or by nobody. */
export async function releaseHold(client: Client, target: string, operation: string): Promise<void> {
  try {
    await client.workflow.getHandle(holdId(target)).executeUpdate<{ released: boolean }, [Release]>('release', { args: [{ operation }] });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function ask(client: Client, target: string, request: Acquire): Promise<AcquireAnswer> {
  const startWorkflowOperation = new WithStartWorkflowOperation('hold', {
    workflowId: holdId(target),
    taskQueue: queues.plans,
    args: [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Who may change ${target}`,
  });
  return client.workflow.executeUpdateWithStart<() => Promise<void>, AcquireAnswer, [Acquire]>('acquire', {
    args: [request],
    startWorkflowOperation,
  });
}

/** By id, not by run: a reset gives the same operation a new run, which holds on. */
async function isRunning(client: Client, holder: Holder): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(holder.operation).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function conflict(target: string, holder: Holder): Error {
  return failure(
    'Conflict',
    `${target} is held by ${holder.operation} since ${holder.since}`,
    [{ path: target, message: `held by ${holder.operation}` }],
    false,
  );
}
