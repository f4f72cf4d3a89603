import { performance } from 'node:perf_hooks';

import type { Reach } from '../../schemas/observation';
import { flavorOf } from '../mysql/flavors';
import { reachOf, SessionError } from '../mysql/session-error';
import type { Flavor, Session } from '../mysql/types';
import { bounds } from './bounds';
import { stalls } from './stalls';
import type { Turns } from './turns';

/** Pauses between attempts to connect again: at once, then ever longer. */
const pausesMs = [0, 20, 50, 100, 250, 500, 1000];

/** A close that the other side's kernel told; everything else that ends a session is silence. */
const closedByPeer = /closed|reset|EPIPE|lost/i;

export interface Opening {
  session: Session;
  flavor: Flavor;
}

/**
 * One kept connection to one member. It stays open for as long as the member keeps it, is made again when it was lost, and knows
 * what that says about the member.
 */
export class Line {
  private current?: Opening;
  private failure?: { reach: Reach; message: string };
  /** The member closed an open connection, and no new one could be made yet. */
  private closedAt?: number;
  /** Attempts to connect since the last connection; and those of them that have failed. */
  private attempts = 0;
  private failures = 0;
  private outstanding: number[] = [];
  private held = false;
  private firstAttemptAt?: number;
  /** performance.now() of the last answer of any kind. */
  lastAnswerAt: number;

  constructor(
    private readonly connect: () => Promise<Session>,
    /** Called after every change of `reach`. */
    private readonly changed: () => void,
    /** In which the first connection is made; what was lost is looked for at once. */
    private readonly turns: Turns,
  ) {
    this.lastAnswerAt = performance.now();
  }

  get opening(): Opening | undefined {
    return this.current;
  }

  /** Keeps the connection until `signal` fires. Never rejects. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(pausesMs[Math.min(this.attempts, pausesMs.length - 1)] ?? 1000, signal);
      if (signal.aborted) return;
      this.attempts++;
      try {
        const session = await (this.held ? this.connect() : this.turns.take(() => this.connectFirst(signal)));
        if (signal.aborted) return session.end();
        await this.hold(session, signal);
      } catch (error) {
        this.failed(error);
      }
    }
  }

  /** Whoever was given up while it waited for its turn does not connect any more. */
  private connectFirst(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    this.firstAttemptAt ??= performance.now();
    return this.connect();
  }

  /** It had a connection and has none, or has tried for so long to make its first one. */
  missing(now: number, forMs: number): boolean {
    if (this.current) return false;
    return this.held || (this.firstAttemptAt !== undefined && now - this.firstAttemptAt >= forMs);
  }

  private async hold(session: Session, signal: AbortSignal): Promise<void> {
    this.current = { session, flavor: flavorOf(session) };
    this.held = true;
    this.attempts = 0;
    this.failures = 0;
    this.outstanding = [];
    this.closedAt = undefined;
    this.failure = undefined;
    this.answered();
    const end = (): void => session.end();
    signal.addEventListener('abort', end, { once: true });
    this.changed();
    const { at, error } = await session.closed;
    signal.removeEventListener('abort', end);
    this.current = undefined;
    this.outstanding = [];
    if (signal.aborted) return;
    const byPeer = closedByPeer.test(error) && !/no answer within|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(error);
    if (byPeer) this.closedAt = at;
    this.failure = { reach: byPeer ? 'closed' : 'silent', message: error };
    this.changed();
  }

  private failed(error: unknown): void {
    this.failures++;
    const found = error instanceof SessionError ? error : new SessionError('', String(error), 'UNKNOWN');
    // A packet that finds no way says nothing about the member: the network is cut, or its container is gone.
    const reach = found.code === 'EHOSTUNREACH' || found.code === 'ENETUNREACH' ? 'silent' : reachOf(found);
    if (reach === 'busy' || reach === 'denied' || reach === 'answers') {
      this.answered();
      this.closedAt = undefined;
    }
    this.failure = { reach: reach === 'silent' && this.closedAt !== undefined ? 'closed' : reach, message: found.message };
    this.changed();
  }

  private answered(): void {
    this.lastAnswerAt = performance.now();
  }

  /** Asks something; an SQL error is an answer too. Rejects when there is no connection. */
  async ask<Answer>(question: (opening: Opening) => Promise<Answer>): Promise<Answer> {
    const opening = this.current;
    if (!opening) throw new SessionError('', this.failure?.message ?? 'not connected yet', 'SESSION_CLOSED');
    const asked = performance.now();
    this.outstanding.push(asked);
    try {
      const answer = await question(opening);
      this.answered();
      return answer;
    } catch (error) {
      if (error instanceof SessionError && error.errno !== undefined) this.answered();
      throw error;
    } finally {
      const index = this.outstanding.indexOf(asked);
      if (index >= 0) this.outstanding.splice(index, 1);
    }
  }

  /** A question waits for its answer. */
  get asked(): boolean {
    return this.outstanding.length > 0;
  }

  /** Milliseconds for which the oldest question waits, without those in which we could not have read the answer. */
  waitingMs(now: number): number {
    const oldest = this.outstanding[0];
    return oldest === undefined ? 0 : Math.max(0, now - oldest - stalls().since(oldest));
  }

  /**
   * What it says about the member; undefined when that is not known yet: no attempt has ended, or the connection was closed a
   * moment ago and a living server may still be taking a new one.
   */
  view(now: number, lateAfterMs: number): { reach: Reach; error?: string } | undefined {
    if (this.current) {
      const waiting = this.waitingMs(now);
      return waiting < lateAfterMs
        ? { reach: 'answers' }
        : { reach: 'silent', error: `no answer for ${Math.round(waiting)} ms on an open connection` };
    }
    if (!this.failure) return undefined;
    const { reach, message } = this.failure;
    if (this.closedAt !== undefined && this.failures === 0 && now - this.closedAt < bounds.reconnectGraceMs) return undefined;
    return { reach, error: message };
  }
}

/** Resolves after `ms` or when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
