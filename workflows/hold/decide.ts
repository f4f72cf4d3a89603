import type { Acquire, AcquireAnswer, Holder } from '../../schemas/hold';

/**
 * Who holds after a request: pure. The same operation may ask again (a retry, or a reset, which gives it a new run), and a holder that
 * was found closed may be replaced, by name and run, so that two who found it closed do not both take it.
 */
export function decideHold(holder: Holder | undefined, request: Acquire, now: string): { holder: Holder; answer: AcquireAnswer } {
  const free = holder === undefined;
  const same = holder?.operation === request.operation;
  const replaced = holder !== undefined && request.replaces?.operation === holder.operation && request.replaces.runId === holder.runId;
  if (holder && !same && !replaced) return { holder, answer: { taken: false, holder } };
  const since = holder && same && !free ? holder.since : now;
  return { holder: { operation: request.operation, runId: request.runId, since }, answer: { taken: true } };
}
