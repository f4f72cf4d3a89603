import { setTimeout as sleep } from 'node:timers/promises';

import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';

import { failure } from '../../activities/failure';

export interface TrialActivities {
  build(cluster: string, part: string): Promise<void>;
  remove(cluster: string, part: string, fail: boolean): Promise<void>;
}

/** What befalls one activity, once. */
export type Fault = 'fails before' | 'fails after' | 'times out' | 'hangs until cancelled' | 'fails for good';

export const trialInput = z.strictObject({
  cluster: z.string(),
  dryRun: z.boolean().default(false),
  approval: z
    .strictObject({ gates: z.array(z.string()), timeoutSeconds: z.number(), onTimeout: z.enum(['abort', 'ask-again']) })
    .optional(),
  breaks: z.string().optional(),
  trusted: z.boolean().optional(),
  patienceMs: z.number().optional(),
});

/** The world that the trial workflow changes: sets of parts, and faults to come. Effects are idempotent, as those of real activities. */
export class TrialWorld {
  readonly parts = new Map<string, Set<string>>();
  readonly faults = new Map<string, Fault>();
  /** Every effect in order, for what must happen once or in an order. */
  readonly log: string[] = [];
  /** Called when an activity begins. */
  onBegin: (activity: string) => void = () => undefined;

  standing(cluster: string): string[] {
    return [...(this.parts.get(cluster) ?? [])].sort();
  }

  readonly activities: TrialActivities = {
    build: (cluster, part) => this.act(cluster, `build ${part}`, (parts) => parts.add(part)),
    remove: async (cluster, part, fail) => {
      if (fail) throw failure('EngineUnavailable', `the engine refuses to remove ${part}`, [], false);
      await this.act(cluster, `remove ${part}`, (parts) => parts.delete(part));
    },
  };

  private async act(cluster: string, name: string, effect: (parts: Set<string>) => unknown): Promise<void> {
    const key = `${cluster}: ${name}`;
    const fault = this.faults.get(key);
    this.faults.delete(key);
    this.onBegin(key);
    if (fault === 'fails before') throw new Error(`injected before ${key}`);
    if (fault === 'fails for good') throw failure('ImageMissing', `no image for ${key}`);
    if (fault === 'hangs until cancelled') await this.hang();
    const parts = this.parts.get(cluster) ?? new Set();
    this.parts.set(cluster, parts);
    effect(parts);
    this.log.push(key);
    if (fault === 'times out') await sleep(1500);
    if (fault === 'fails after') throw ApplicationFailure.retryable(`injected after ${key}`);
  }

  private async hang(): Promise<void> {
    const { cancellationSignal, heartbeat } = {
      cancellationSignal: Context.current().cancellationSignal,
      heartbeat: () => Context.current().heartbeat(),
    };
    while (!cancellationSignal.aborted) {
      heartbeat();
      await sleep(50);
    }
    await Context.current().cancelled;
  }
}
