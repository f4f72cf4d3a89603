import { CancellationScope, defineSignal, getExternalWorkflowHandle, setHandler } from '@temporalio/workflow';

import { failure, isCancellation } from '../operation';

/** From the guard to whoever copies data: it has begun a pivot, and a copy holds the locks of two members for as long as it lasts. */
const standAside = defineSignal('standAside');

/** Nobody waits for it: who does not hear it loses its locks to the switch, which is slower. */
export function askToStandAside(operation: string): void {
  getExternalWorkflowHandle(operation)
    .signal(standAside)
    .catch(() => undefined);
}

/** Outside of such work there is nothing to give up. */
export function heedNothing(): void {
  setHandler(standAside, () => undefined);
}

/** Work that is given up at once when the guard begins a pivot, as `StaleEpoch`: it is begun anew by what is true then. */
export async function givingWay<Result>(work: () => Promise<Result>): Promise<Result> {
  const scope = new CancellationScope();
  let asked = false;
  setHandler(standAside, () => {
    asked = true;
    scope.cancel();
  });
  try {
    return await scope.run(work);
  } catch (error) {
    // An abort reaches it from outside, and goes on.
    if (!asked || !isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    throw failure('StaleEpoch', 'it gave way to a pivot of the guard');
  } finally {
    heedNothing();
  }
}
