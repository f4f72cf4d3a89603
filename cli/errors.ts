import { type ErrorCode, errorCodes, type Problem } from '../schemas/error-codes';
import { type CliCode, exitCodeFor } from './exit-codes';

/** An error that the command line itself raises, ready to be shown. */
export class CliError extends Error {
  constructor(
    readonly code: CliCode,
    message: string,
    readonly problems: Problem[] = [],
    readonly remedy?: string,
  ) {
    super(message);
    this.name = 'CliError';
  }
}

/** What a person or a machine is told of an error. */
export interface ErrorReport {
  code: string;
  message: string;
  problems: Problem[];
  remedy: string;
  exitCode: number;
}

const startPlatform =
  'Start the platform with `npx drydock up`, or name another Temporal server with TEMPORAL_ADDRESS; `npx drydock doctor` says what is missing.';
const grpcUnavailable = 14;
const grpcDeadlineExceeded = 4;

/** Names of errors of @temporalio/client and of sockets: told by their names, so that the package need not be loaded to tell. */
function chain(error: unknown): Error[] {
  const errors: Error[] = [];
  for (let current: unknown = error; current instanceof Error && errors.length < 10; current = current.cause) errors.push(current);
  return errors;
}

const field = (error: Error, name: string): unknown => (error as unknown as Record<string, unknown>)[name];

function problemsOf(error: Error): Problem[] {
  const problems = field(error, 'problems');
  return Array.isArray(problems) ? (problems as Problem[]) : [];
}

function report(code: CliCode, message: string, problems: Problem[] = [], remedy?: string): ErrorReport {
  const known = (errorCodes as Partial<Record<string, { remedy: string }>>)[code];
  return { code, message, problems, remedy: remedy ?? known?.remedy ?? '', exitCode: exitCodeFor(code) };
}

/**
 * Turns whatever was thrown into one report. Errors with a code of drydock keep it; of the others those that mean
 * "nobody answers" and "there is no such operation" are told apart, because a script wants to tell them apart.
 */
export function reportOf(error: unknown, address: string): ErrorReport {
  const errors = chain(error);
  const top = errors[0];
  if (!top) return report('Internal', String(error));
  let vague: ErrorReport | undefined;
  for (const each of errors) {
    if (each instanceof CliError) return report(each.code, each.message, each.problems, each.remedy);
    const code = field(each, 'code') ?? field(each, 'type');
    if (typeof code !== 'string' || !Object.hasOwn(errorCodes, code)) continue;
    const told = report(code as ErrorCode, each.message, problemsOf(each));
    if (code !== 'Internal' && code !== 'TimedOut') return told;
    // These two say only that a call did not end well; what is behind them may say more.
    vague ??= told;
  }
  if (errors.some((each) => each.name === 'WorkflowNotFoundError'))
    return report('UnknownOperation', 'there is no operation of this id', [], 'See `npx drydock op list`.');
  const words = errors.map((each) => each.message).join(': ');
  const late = errors.some((each) => Number(field(each, 'code')) === grpcDeadlineExceeded);
  if (/no poller|no worker/i.test(words) || (late && vague?.code === 'TimedOut'))
    return report('NoWorker', `Temporal at ${address} answers, but no worker does`, [], 'Start one with `npx drydock up`.');
  const down = errors.some(
    (each) =>
      [grpcUnavailable, grpcDeadlineExceeded].includes(Number(field(each, 'code'))) ||
      ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH'].includes(String(field(each, 'code'))) ||
      /failed to connect|connection refused|ECONNREFUSED|deadline exceeded/i.test(each.message),
  );
  if (down) return report('Unreachable', `no Temporal server answers at ${address}`, [], startPlatform);
  return vague ?? report('Internal', words);
}
