import type { ErrorCode } from '../schemas/error-codes';

/** Something that set-up needs can not be had here. The message says what was found, what is needed and the ways to get it. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Told one line at a time what set-up is doing. */
export type Say = (line: string) => void;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
