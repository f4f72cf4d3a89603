import { CancellationScope } from '@temporalio/workflow';

import type { Problem } from '../../schemas/error-codes';
import type { StepProgress } from '../../schemas/operation';
import { meaningOf } from './failure';
import type { OperationState } from './state';

/** A compensation that does not succeed for so long is reported and left to a person. */
const bound = '10 minutes';

interface Compensation {
  name: string;
  undo: () => Promise<unknown>;
  step?: StepProgress;
}

/** What undoes what was done, last first. Each was registered before the action that it undoes. */
export class Compensations {
  private stack: Compensation[] = [];

  constructor(private readonly state: OperationState) {}

  add(name: string, undo: () => Promise<unknown>, step?: StepProgress): void {
    this.stack.push({ name, undo, step });
  }

  clear(): void {
    this.stack = [];
  }

  /** Undoes everything, also after one failed. Returns what was undone and what was not. */
  async run(): Promise<{ undone: string[]; failed: Problem[] }> {
    const undone: string[] = [];
    const failed: Problem[] = [];
    for (let next = this.stack.pop(); next; next = this.stack.pop()) {
      const { name, undo, step } = next;
      const record = this.state.step(`undo: ${name}`);
      this.state.begin(record);
      try {
        await CancellationScope.withTimeout(bound, undo);
        this.state.end(record, 'done');
        if (step) this.state.end(step, 'undone');
        undone.push(name);
      } catch (error) {
        const { message } = meaningOf(error);
        this.state.end(record, 'failed', message.slice(0, 300));
        failed.push({ path: `undo: ${name}`, message });
      }
    }
    return { undone, failed };
  }
}
