import type { Reach } from '../../schemas/observation';
import { redact } from '../redact';

/** An error of a server or of the connection to it, redacted. `errno` is the server's number, or undefined for the network's. */
export class SessionError extends Error {
  override readonly name = 'SessionError';

  constructor(
    readonly member: string,
    message: string,
    readonly code: string,
    readonly errno?: number,
    /** The connection is gone. */
    readonly fatal = false,
  ) {
    super(`${member}: ${redact(message)}`);
  }
}

interface NetworkOrServerError {
  message?: string;
  code?: string;
  errno?: number;
  fatal?: boolean;
  sqlState?: string;
}

export function toSessionError(member: string, error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  const { message, code, errno, fatal, sqlState } = (error ?? {}) as NetworkOrServerError;
  // Node gives negative numbers for the network's errors; a server's number comes with its name (ER_...) and is positive.
  const server = sqlState !== undefined || (errno !== undefined && errno > 0);
  return new SessionError(member, message ?? String(error), code ?? 'UNKNOWN', server ? errno : undefined, fatal ?? !server);
}

const refused = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ENOTFOUND']);
const silent = new Set(['ETIMEDOUT', 'SESSION_TIMEOUT', 'PROTOCOL_SEQUENCE_TIMEOUT', 'EAI_AGAIN']);
const closed = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'SESSION_CLOSED',
  'ERR_STREAM_DESTROYED',
  'PROTOCOL_UNEXPECTED_PACKET',
]);

/** Too many connections, shutdown in progress, per-user limits, and server started but not ready. */
const busy = new Set([1040, 1053, 1203, 1226, 1129, 3032, 4031]);
const denied = new Set([1044, 1045, 1130, 1227, 1698, 1862, 3118, 4151]);

/** What a failed connect or query says about a member. A server that gave an SQL error did answer. */
export function reachOf(error: unknown): Reach {
  const { code, errno } = error instanceof SessionError ? error : toSessionError('', error);
  if (errno !== undefined) {
    if (busy.has(errno)) return 'busy';
    if (denied.has(errno)) return 'denied';
    return 'answers';
  }
  if (refused.has(code)) return 'refused';
  if (silent.has(code)) return 'silent';
  if (closed.has(code)) return 'closed';
  return 'silent';
}
