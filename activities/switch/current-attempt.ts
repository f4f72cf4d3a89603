import { performance } from 'node:perf_hooks';

import { Context } from '@temporalio/activity';

import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { messageOf } from './context';

/**
 * So long an answer counts. The server begins another attempt only when it has heard nothing of this one for the heartbeat time-out, which
 * is several times as long.
 */
const FRESH_MS = 300;
const ANSWER_BOUND_MS = 1500;

/**
 * Whether this is the attempt that counts, in the server's own words. A worker that was stopped or cut off from the server finds
 * tasks in its sockets whose time ran out long ago; what they order may have been done, given up or ordered anew meanwhile.
 */
export class CurrentAttempt {
  private provenAt = -Infinity;

  constructor(
    private readonly askServer: () => Promise<unknown>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Throws Conflict unless the server says so now. Once it has not, it never does again. */
  async prove(): Promise<void> {
    const askedAt = this.now();
    try {
      await this.askServer();
    } catch (error) {
      throw failure('Conflict', `the server does not say that this attempt is the current one: ${messageOf(error)}`);
    }
    this.provenAt = askedAt;
  }

  /** Asks again when time has passed since. */
  async proveFresh(): Promise<void> {
    if (this.now() - this.provenAt > FRESH_MS) await this.prove();
  }
}

/** By a heartbeat of which the answer is awaited: those of the SDK are sent later, and their answer comes as a cancellation at best. */
export function currentAttempt({ client }: ActivityEnvironment, step: () => string): CurrentAttempt {
  const { taskToken } = Context.current().info;
  return new CurrentAttempt(() =>
    client.withDeadline(Date.now() + ANSWER_BOUND_MS, () => client.activity.heartbeat(taskToken, { step: step() })),
  );
}
