import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';

import { type ErrorCode, errorCodes, type Problem } from '../../schemas/error-codes';
import type { FailureDetails, Progress } from '../../schemas/operation';

/** A failure with a code of schemas/error-codes.ts, thrown by workflow code. It ends the operation: a plan is not retried as a whole. */
export function failure(
  code: ErrorCode,
  message: string,
  problems: Problem[] = [],
  progress?: Progress,
  cause?: unknown,
): ApplicationFailure {
  const details: FailureDetails = { code, problems, ...(progress ? { progress } : {}) };
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: true,
    details: [details],
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** What an error means to people: its code, its message and every problem, wherever they are in the chain of causes. */
export interface Meaning {
  code: ErrorCode;
  message: string;
  problems: Problem[];
}

/** Finds the coded failure behind any error; what has no code is a fault of drydock (`Internal`) or a time-out (`TimedOut`). */
export function meaningOf(error: unknown): Meaning {
  let activity: string | undefined;
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof ActivityFailure) activity = current.activityType;
    if (current instanceof ChildWorkflowFailure) activity = current.workflowType;
    if (current instanceof ApplicationFailure && current.type && isCode(current.type))
      return { code: current.type, message: current.message, problems: problemsOf(current) };
    if (current instanceof TimeoutFailure)
      return { code: 'TimedOut', message: `${activity ?? 'a step'} did not end in time (${current.timeoutType})`, problems: [] };
  }
  const inner = innermost(error);
  const text = inner instanceof Error ? `${inner.name}: ${inner.message}` : String(inner);
  return { code: 'Internal', message: activity ? `${activity}: ${text}` : text, problems: [] };
}

/** Code of the failure behind an error, `Internal` when it has none. */
export function codeOf(error: unknown): ErrorCode {
  return meaningOf(error).code;
}

/** Thrown inside an operation's body when it is to stop; Temporal's own, so that activities and timers stop with it. */
export function stopped(why: string): CancelledFailure {
  return new CancelledFailure(why);
}

export { isCancellation };

function problemsOf(error: ApplicationFailure): Problem[] {
  const details = error.details?.[0] as Partial<FailureDetails> | undefined;
  return Array.isArray(details?.problems) ? details.problems : [];
}

function isCode(type: string): type is ErrorCode {
  return Object.hasOwn(errorCodes, type);
}

function innermost(error: unknown): unknown {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current;
}
