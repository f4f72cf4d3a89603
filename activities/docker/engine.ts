import { Context } from '@temporalio/activity';

import type { ActivityEnvironment, Host } from '../environment';
import { codeOf, failure } from '../failure';
import { redact } from '../redact';

/** What the engine answers with an error status. */
interface EngineError extends Error {
  statusCode?: number;
  code?: string;
  json?: { message?: string };
}

export const statusOf = (error: unknown): number | undefined => (error as EngineError | undefined)?.statusCode;

export const reasonOf = (error: unknown): string => {
  const found = error as EngineError | undefined;
  return redact(found?.json?.message ?? (error instanceof Error ? error.message : String(error)));
};

export function hostOf(env: Pick<ActivityEnvironment, 'hosts'>, name: string): Host {
  const host = env.hosts.get(name);
  if (host) return host;
  throw failure('InvalidInput', `host ${name} is not in the inventory; known are ${[...env.hosts.keys()].join(', ')}`);
}

/** Longer than the longest question, a clean stop of a server. A host that dies while it is asked closes nothing. */
const longestMs = 90_000;

/**
 * Asks the engine of a host. Errors without an answer, and no answer in time, become EngineUnavailable; an answer is left to the caller,
 * without secrets.
 */
export async function ask<Answer>(host: Pick<Host, 'name'>, question: () => Promise<Answer>, withinMs = longestMs): Promise<Answer> {
  try {
    return await inTime(question(), withinMs);
  } catch (error) {
    if (codeOf(error) || statusOf(error) !== undefined) throw error;
    throw failure('EngineUnavailable', `the Docker engine of host ${host.name} does not answer: ${reasonOf(error)}`);
  }
}

async function inTime<Answer>(answer: Promise<Answer>, ms: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As `ask`, but undefined when the engine says that there is no such object. */
export async function ifThere<Answer>(host: Pick<Host, 'name'>, question: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask(host, question);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Runs an activity: whatever it throws leaves it with a code and without secrets. */
export async function coded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || codeOf(error)) throw error;
    // 5xx and conflicts may pass; what the engine calls a bad request will not.
    throw failure('EngineUnavailable', `the Docker engine refused (${status}): ${reasonOf(error)}`, [], status >= 500 || status === 409);
  }
}

/** Tells Temporal that the activity lives, and throws when it was cancelled. */
export function stillWanted(): void {
  const context = Context.current();
  context.heartbeat();
  context.cancellationSignal.throwIfAborted();
}
