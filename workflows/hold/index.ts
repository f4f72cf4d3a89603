import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import { failure } from '../operation/failure';
import { decideHold } from './decide';
import type { Acquire, AcquireAnswer, Holder, Release } from '../../schemas/hold';

/**
 * `hold/<target>`: who may change the target now. Started by the first who asks (update-with-start), and over when nobody holds any more, so
 * that an idle target costs nothing. Who asks while it is held is told the holder; the asking activity looks whether that operation
 * still runs, and takes over if it does not.
 */
export async function hold(carried?: Holder): Promise<void> {
  let holder = carried;
  let asked = carried !== undefined;
  const show = (): void => setCurrentDetails(holder ? `Held by \`${holder.operation}\` since ${holder.since}.` : 'Free.');
  show();

  setHandler(
    defineUpdate<AcquireAnswer, [Acquire]>('acquire'),
    (request) => {
      asked = true;
      const decision = decideHold(holder, request, new Date().toISOString());
      holder = decision.holder;
      show();
      return decision.answer;
    },
    {
      validator: (request: Acquire) =>
        refuseUnless(named(request) && typeof request.runId === 'string', 'acquire wants {"operation", "runId"}'),
    },
  );
  setHandler(
    defineUpdate<{ released: boolean }, [Release]>('release'),
    ({ operation }) => {
      asked = true;
      const released = holder?.operation === operation;
      if (released) holder = undefined;
      show();
      return { released };
    },
    { validator: (request: Release) => refuseUnless(named(request), 'release wants {"operation"}') },
  );
  setHandler(defineQuery<Holder | null>('holder'), () => holder ?? null);

  // A request may come in the very task in which the last holder leaves: look again after waking up.
  do await condition(() => allHandlersFinished() && ((asked && !holder) || workflowInfo().continueAsNewSuggested));
  while (holder && !workflowInfo().continueAsNewSuggested);
  if (holder) await continueAsNew<typeof hold>(holder);
}

function named(request: { operation: string } | undefined): boolean {
  return typeof request?.operation === 'string' && request.operation !== '';
}

function refuseUnless(fine: boolean, expected: string): void {
  if (!fine) throw failure('InvalidInput', expected);
}
