import type { Outcome } from './types';

/** What mysql2 throws: `errno` below 10,000 comes from the server; `code` alone from the driver or the system. */
export interface DriverError {
  message: string;
  code?: string;
  errno?: number;
}

/**
 * How far a write was when its error came.
 * - `connect`: no connection yet, so nothing was sent.
 * - `open`: a statement before the COMMIT of its transaction: a lost connection rolls it back.
 * - `commit`: the statement whose success is the commit (an autocommit INSERT, or COMMIT).
 */
export type Phase = 'connect' | 'open' | 'commit';

/**
 * Server errors after which the statement is certain not to have been executed. Not among them: 1053 (shutdown), 1317 (interrupted)
 * and 1927 (connection killed), because a commit that waits for its acknowledgement when it is interrupted stays committed.
 */
const certainlyNotExecuted = new Set([
  1040, 1044, 1045, 1049, 1062, 1064, 1114, 1129, 1130, 1142, 1146, 1203, 1205, 1213, 1226, 1290, 1792, 1836,
]);

/** The driver refuses to send on a connection of which it knows that it is closed. */
const refusedBeforeSend = /closed state|Pool is closed/;

export function classify(error: DriverError, phase: Phase): Exclude<Outcome, 'acknowledged' | 'pending'> {
  if (phase !== 'commit' || refusedBeforeSend.test(error.message)) return 'failed';
  return error.errno !== undefined && certainlyNotExecuted.has(error.errno) ? 'failed' : 'unknown';
}

/** One short line for the report: the number and the name, never the server's text (which may hold data). */
export function nameOf(error: DriverError, phase: Phase): string {
  if (refusedBeforeSend.test(error.message)) return 'closed before it was sent';
  const number = error.errno !== undefined && error.errno > 0 ? `${error.errno} ` : '';
  const at = phase === 'connect' ? ' at connect' : '';
  return `${number}${error.code ?? 'unnamed error'}${at}`;
}
