import { setTimeout as sleep } from 'node:timers/promises';

import type { ClientContext } from './context';
import type { OperationView } from './contract';
import { queryProgress, showOperation } from './show';

const everyMs = 200;

/** Yields at once and whenever something changed, until the operation is closed (that view is the last one) or `signal` is aborted. */
export async function* watchOperation(context: ClientContext, id: string, signal?: AbortSignal): AsyncGenerator<OperationView> {
  let view = await showOperation(context, id);
  yield view;
  while (view.status === 'RUNNING') {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) return;
    const next = await nextView(context, view);
    if (JSON.stringify(next) !== JSON.stringify(view)) yield next;
    view = next;
  }
}

/** One query while the worker answers and the operation goes on; all that can be known otherwise. */
async function nextView(context: ClientContext, view: OperationView): Promise<OperationView> {
  if (view.progress && view.progress.phase !== 'closed') {
    const progress = await queryProgress(context, view.id);
    if (progress && progress.phase !== 'closed') return { ...view, progress, phase: progress.phase, target: progress.target };
  }
  return showOperation(context, view.id);
}
