import { ApplicationFailure } from '@temporalio/common';

import { type ErrorCode, errorCodes, type Problem } from '../schemas/error-codes';
import type { FailureDetails } from '../schemas/operation';

/** A failure with a code of schemas/error-codes.ts; retried by Temporal only where the code says that it may pass later. */
export function failure(
  code: ErrorCode,
  message: string,
  problems: Problem[] = [],
  retry: boolean = errorCodes[code].retryable,
): ApplicationFailure {
  const details: FailureDetails = { code, problems };
  return ApplicationFailure.create({ message, type: code, nonRetryable: !retry, details: [details] });
}

/** The code of an error made by `failure`, also when it comes wrapped by Temporal; undefined for any other. */
export function codeOf(error: unknown): ErrorCode | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    if (current instanceof ApplicationFailure && current.type && current.type in errorCodes) return current.type as ErrorCode;
  return undefined;
}
