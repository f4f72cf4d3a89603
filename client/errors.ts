import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';

import { type ErrorCode, errorCodes, type Problem } from '../schemas/error-codes';
import type { FailureDetails, Progress } from '../schemas/operation';

/** What a request or an operation failed with: a code of schemas/error-codes.ts (docs/errors.md) and every problem by its path. */
export class DrydockError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly problems: Problem[] = [],
    readonly progress?: Progress,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'DrydockError';
  }

  get remedy(): string {
    return errorCodes[this.code].remedy;
  }
}

/** Finds the coded failure behind any error of Temporal's client. */
export function toDrydockError(error: unknown): DrydockError {
  if (error instanceof DrydockError) return error;
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof ApplicationFailure && current.type && isCode(current.type)) {
      const details = current.details?.[0] as Partial<FailureDetails> | undefined;
      return new DrydockError(current.type, current.message, details?.problems ?? [], details?.progress, { cause: error });
    }
    if (current instanceof TerminatedFailure)
      return new DrydockError('Aborted', 'the workflow was terminated: nothing was undone; see `drydock doctor`', [], undefined, {
        cause: error,
      });
    if (current instanceof CancelledFailure)
      return new DrydockError('Aborted', 'the workflow was cancelled', [], undefined, { cause: error });
    if (current instanceof TimeoutFailure)
      return new DrydockError('TimedOut', `the workflow ran into its time-out (${current.timeoutType})`, [], undefined, { cause: error });
  }
  return new DrydockError('Internal', error instanceof Error ? error.message : String(error), [], undefined, { cause: error });
}

function isCode(type: string): type is ErrorCode {
  return Object.hasOwn(errorCodes, type);
}
