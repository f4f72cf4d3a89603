import { Context } from '@temporalio/activity';

import { failure } from '../failure';
import { redact } from '../redact';

/** A slow subscriber is tried again; an attempt of a worker that was stopped must not arrive long after the next ones. */
const patienceMs = 10_000;
const longestAnswer = 1_000_000;
const told = 200;

export interface Answer {
  status: number;
  text: string;
}

interface Options {
  headers?: Record<string, string>;
  body?: string;
  timeoutMs?: number;
  /** What comes after a 2xx is of no interest, and whether it ever ends. */
  statusIsAll?: boolean;
}

/**
 * One request to a subscriber. Redirects are not followed: who receives is what the definition names. Throws NotDelivered when there was no answer.
 * Nothing is said of the query of an address, which people use for tokens.
 */
export async function request(
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  url: string,
  { headers = {}, body, timeoutMs = patienceMs, statusIsAll = false }: Options = {},
): Promise<Answer> {
  const attempt = async (signal: AbortSignal): Promise<Answer> => {
    const response = await fetch(url, {
      method,
      headers: { 'user-agent': 'drydock', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    if (!statusIsAll || !response.ok) return { status: response.status, text: await textOf(response) };
    await response.body?.cancel();
    return { status: response.status, text: '' };
  };
  try {
    return await within(timeoutMs, Context.current().cancellationSignal, attempt);
  } catch (error) {
    throw failure('NotDelivered', `${nameOf(url)}: ${reasonOf(error, timeoutMs)}`);
  }
}

/**
 * Rejects when the time is over or the activity is cancelled, whatever became of `work`. By a timer of our own: `AbortSignal.any` holds its sources weakly, and a
 * garbage collection that takes an `AbortSignal.timeout` takes the time-out with it.
 */
async function within<Result>(timeoutMs: number, cancelled: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const stopped = new Promise<never>((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error)));
  const cancel = (): void => stop.abort(cancelled.reason);
  const timer = setTimeout(() => stop.abort(new DOMException('no answer', 'TimeoutError')), timeoutMs);
  cancelled.addEventListener('abort', cancel, { once: true });
  if (cancelled.aborted) cancel();
  try {
    return await Promise.race([work(stop.signal), stopped]);
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', cancel);
  }
}

/** Of an answer without end the beginning is enough. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswer) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What a subscriber answered instead of what it should, as an error. */
export const refused = (url: string, { status, text }: Answer): Error =>
  failure('NotDelivered', `${nameOf(url)} answered ${status}${text ? `: ${redact(text.replace(/\s+/g, ' ').trim().slice(0, told))}` : ''}`);

/** Throws NotDelivered when it is no JSON: then something else than the store has answered. */
export function parsed(url: string, answer: Answer): unknown {
  try {
    return JSON.parse(answer.text) as unknown;
  } catch {
    throw refused(url, answer);
  }
}

function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

interface Reason {
  name?: string;
  message?: string;
  cause?: Reason;
  /** Where a name has several addresses, each failed for itself. */
  errors?: Reason[];
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, cause, message } = (error ?? {}) as Reason;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  return redact((cause?.errors?.[0]?.message || cause?.message || message || String(error)).slice(0, told));
}
