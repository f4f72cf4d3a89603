import { isGrpcServiceError, WorkflowNotFoundError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';

import type { Control, ControlRequest } from '../schemas/operation';
import type { PivotResult } from '../schemas/pivot';
import { type ClientContext, within } from './context';
import { DrydockError, toDrydockError } from './errors';
import { showOperation } from './show';
import { startOperation } from './start';

const updateMs = 5_000;

/** Steers an operation; see `control` of the contract. */
export async function controlOperation(
  context: ClientContext,
  id: string,
  control: Control,
  request: ControlRequest = {},
): Promise<{ message: string; operation: string }> {
  const handle = context.client.workflow.getHandle(id);
  try {
    const { message } = await within(context, updateMs, () =>
      handle.executeUpdate<{ message: string }, [ControlRequest]>(control, { args: [request] }),
    );
    return { message, operation: id };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isClosed(error)) return controlClosed(context, id, control);
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) && !isDeadline(error)) throw toDrydockError(error);
    // An update that no worker took is forgotten by the server; a signal waits.
    await handle.signal(control, request);
    return { message: 'no worker answers now; the request was left as a signal and is judged when one is back', operation: id };
  }
}

async function controlClosed(context: ClientContext, id: string, control: Control): Promise<{ message: string; operation: string }> {
  const view = await showOperation(context, id);
  if (control !== 'rollback')
    throw new DrydockError('NotAllowedNow', `${control} is not allowed now: ${id} is over (${view.status.toLowerCase()})`);
  if (view.type !== 'pivot' || view.status !== 'COMPLETED' || view.progress?.dryRun)
    throw new DrydockError('NotAllowedNow', `there is no way back for ${id}: it is a closed ${view.type} (${view.status.toLowerCase()})`);
  const { cluster, from, to, epoch } = view.result as PivotResult;
  const operation = await startOperation(context, 'pivot', {
    cluster,
    to: from,
    reason: `rollback of ${id}`.slice(0, 200),
    expect: { primary: to, epoch },
  });
  return { message: `a planned pivot back from ${to} to ${from} was started`, operation };
}

function isClosed(error: unknown): boolean {
  return isGrpcServiceError(error) && /already completed/i.test(error.details);
}

function isDeadline(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    if (isGrpcServiceError(current) && (current.code as number) === 4) return true;
  return false;
}
