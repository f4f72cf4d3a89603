import { proxyActivities } from '@temporalio/workflow';

import { queues } from '../../../schemas/names';
import type { ApprovalPolicy } from '../../../schemas/operation';
import { failure, operation, type WithProgress } from '../../../workflows/operation';
import type { TrialActivities } from '../trial-world';

export interface TrialInput {
  cluster: string;
  dryRun: boolean;
  approval?: ApprovalPolicy;
  /** Where the workflow itself fails. */
  breaks?: 'type-error' | 'coded' | 'after-switch' | 'compensation';
  /** Skip validation and hold, as the guard's pivot does. */
  trusted?: boolean;
  /** How long a guard that heals is waited for. */
  patienceMs?: number;
}

export interface TrialResult {
  built: string[];
}

export const trialSteps = ['build one', 'build two', 'switch', 'finish one', 'finish two'];

const world = proxyActivities<TrialActivities>({
  taskQueue: queues.work,
  startToCloseTimeout: '1s',
  heartbeatTimeout: '1s',
  retry: { initialInterval: '20ms', maximumInterval: '200ms' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/** An operation of every kind of part: two steps that can be undone, a gate, a switch, a finish, a way back. */
export async function trial(raw: unknown): Promise<WithProgress<TrialResult>> {
  const trusted = (raw as TrialInput | undefined)?.trusted ? (raw as TrialInput) : undefined;
  const patienceMs = (raw as TrialInput | undefined)?.patienceMs;
  return operation<TrialInput, TrialResult>(
    { type: 'trial', steps: trialSteps, target: ({ cluster }) => `cluster/${cluster}`, trusted, patienceMs },
    raw,
    async (op) => {
      const { cluster, breaks } = op.input;
      if (op.dryRun) return { built: ['would build one and two'] };
      for (const part of ['one', 'two']) {
        await op.step(`build ${part}`, async (step) => {
          op.compensate(`remove ${part}`, () => world.remove(cluster, part, breaks === 'compensation' && part === 'one'));
          await world.build(cluster, part);
          step.detail(`${part} | stands`);
        });
      }
      if (breaks === 'type-error') (undefined as unknown as { boom(): void }).boom();
      if (breaks === 'coded') throw failure('PrecheckFailed', 'not fit', [{ path: 'member db-1', message: 'lags' }]);
      if (breaks === 'compensation') throw failure('PrecheckFailed', 'not fit');
      await op.gate('before-switch', 'switch to two');
      await op.step('switch', () => op.switching(() => world.build(cluster, 'switched')));
      op.pointOfNoReturn({
        loses: 'nothing',
        wayBack: async () => {
          op.compensate('stand down', () => world.remove(cluster, 'one', false));
          await op.step('switch back', () => op.switching(() => world.remove(cluster, 'switched', false)));
          op.pointOfNoReturn({ loses: 'nothing' });
          await op.step('finish two', () => world.build(cluster, 'went back'));
          return { built: ['one', 'two'] };
        },
      });
      if (breaks === 'after-switch') throw failure('SwitchFailed', 'broke after the switch');
      for (const part of ['one', 'two']) await op.step(`finish ${part}`, () => world.build(cluster, `finished ${part}`));
      return { built: ['one', 'two'] };
    },
  );
}
