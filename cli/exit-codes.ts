import type { ErrorCode } from '../schemas/error-codes';

/** Exit codes of the command line; documented in docs/cli.md and in `drydock --help`. Numbers are never reused. */
export const exitCodes = {
  ok: { code: 0, meaning: 'done as asked' },
  failed: { code: 1, meaning: 'the operation failed or was aborted, or doctor found something missing' },
  invalid: { code: 2, meaning: 'bad usage or invalid input; nothing was touched' },
  refused: {
    code: 3,
    meaning: 'refused as things are now (held by another operation, not allowed in this phase, other than expected); nothing was changed',
  },
  notFound: { code: 4, meaning: 'no such cluster or operation' },
  unreachable: { code: 5, meaning: 'Temporal or a worker does not answer' },
  waits: { code: 6, meaning: 'the operation waits for a person' },
  interrupted: { code: 130, meaning: 'interrupted by Ctrl-C; an operation that was started goes on' },
} as const;

export type ExitKind = keyof typeof exitCodes;

/** Codes that exist only at the command line: the client side of a call that never arrived. */
export type CliCode = ErrorCode | 'UnknownOperation' | 'Unreachable' | 'NoWorker' | 'NotConfirmed';

const kinds: Partial<Record<CliCode, ExitKind>> = {
  InvalidInput: 'invalid',
  UnknownWorkflowType: 'invalid',
  NotConfirmed: 'invalid',
  Conflict: 'refused',
  NotAllowedNow: 'refused',
  AlreadyExists: 'refused',
  ExpectationFailed: 'refused',
  PrecheckFailed: 'refused',
  NoCandidate: 'refused',
  UnknownCluster: 'notFound',
  UnknownOperation: 'notFound',
  HistoryTooOld: 'notFound',
  Unreachable: 'unreachable',
  NoWorker: 'unreachable',
};

/** The exit code for an error code; 1 for every code that has none of its own. */
export function exitCodeFor(code: string): number {
  return exitCodes[kinds[code as CliCode] ?? 'failed'].code;
}
