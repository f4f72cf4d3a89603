import { CancellationScope, getExternalWorkflowHandle, sleep } from '@temporalio/workflow';

import type { Busy } from '../../schemas/hold';
import { healerOf } from '../../schemas/names';
import { contract, summarised } from './activities';
import { failure } from './failure';
import type { OperationState } from './state';

/** Longer than any heal that is not a copy of data. */
const defaultPatienceMs = 60_000;
const firstPauseMs = 250;
const longestPauseMs = 1000;
const stepName = 'wait until the guard has healed';

/**
 * Takes `hold/<target>`. The guard of a cluster holds it while it brings a member back: that is waited for, since the operation needs that
 * member more often than not, and the guard begins nothing new meanwhile. Whoever else holds it is a Conflict at once.
 */
export async function takeHold(
  state: OperationState,
  target: string,
  operation: string,
  patienceMs: number = defaultPatienceMs,
): Promise<void> {
  const guard = healerOf(target);
  const ask = (): Promise<Busy | undefined> => summarised(contract.acquireHold, `hold ${target}`)(target, operation, guard);
  let busy = await ask();
  if (!busy || guard === undefined) return;
  const deadline = Date.now() + patienceMs;
  const until = new Date(deadline).toISOString();
  const step = state.step(stepName);
  state.begin(step);
  await tellGuard(guard, until);
  try {
    for (let pause = firstPauseMs; busy; pause = Math.min(2 * pause, longestPauseMs)) {
      const what = deedOf(busy);
      if (Date.now() >= deadline) throw stillHeals(target, guard, what, patienceMs);
      state.wait('waiting', { what, who: guard, until });
      await sleep(pause, { summary: `${guard} holds ${target}: ${what}` });
      busy = await ask();
    }
    state.end(step, 'done');
  } catch (error) {
    state.end(step, 'failed');
    throw error;
  } finally {
    state.goOn();
    await CancellationScope.nonCancellable(() => tellGuard(guard, new Date(Date.now()).toISOString()));
  }
}

const deedOf = ({ does }: Busy): string => (does.length > 0 ? does.join(', ') : 'it brings members back');

function stillHeals(target: string, guard: string, what: string, patienceMs: number): Error {
  const cluster = guard.slice(guard.indexOf('/') + 1);
  const todo = `ask again when it is done, or let it give that up by \`npx drydock guard pause ${cluster}\``;
  return failure(
    'Conflict',
    `${target} is held by ${guard}, which was waited for for ${Math.round(patienceMs / 1000)} s (${what}): ${todo}`,
    [{ path: target, message: `held by ${guard}` }],
  );
}

/** It begins no heal until then. One that is not there holds nothing either. */
async function tellGuard(guard: string, until: string): Promise<void> {
  await getExternalWorkflowHandle(guard)
    .signal('awaited', { until })
    .catch(() => undefined);
}
