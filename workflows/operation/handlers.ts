import {
  type ApplicationFailure,
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';

import { type Control, type ControlRequest, controls, type Progress } from '../../schemas/operation';
import { failure } from './failure';
import type { OperationState } from './state';

export const progressQuery = defineQuery<Progress>('progress');

/** Answer of a control's update. */
export interface ControlAnswer {
  message: string;
}

/**
 * Registers the five controls, each as a signal and as an update, and the query `progress`. To be called synchronously at the
 * workflow's start, so that nothing that comes with the start is lost. Nothing here throws but refusals of updates.
 */
export function listen(state: OperationState, accepted: () => void): void {
  setHandler(progressQuery, () => state.progress);
  for (const control of controls) {
    setHandler(defineSignal<unknown[]>(control), (...args: unknown[]) => {
      state.control(control, args, 'a signal');
      accepted();
    });
    setHandler(
      defineUpdate<ControlAnswer, [ControlRequest?]>(control),
      (...args: unknown[]): ControlAnswer => {
        // Another control may have been applied since the validator ran.
        const verdict = state.control(control, args, 'an update');
        if (!verdict.allowed) throw refusal(control, verdict.message);
        accepted();
        return { message: verdict.message };
      },
      {
        validator: (...args: unknown[]) => {
          const { allowed, malformed, message } = state.judge(control, args);
          if (!allowed) throw malformed ? failure('InvalidInput', `${control}: ${message}`) : refusal(control, message);
        },
      },
    );
  }
  setDefaultSignalHandler((name) => state.warn(`signal ${name.slice(0, 60)} is unknown; known are ${controls.join(', ')}`));
}

function refusal(control: Control, why: string): ApplicationFailure {
  return failure('NotAllowedNow', `${control} is not allowed now: ${why}`);
}
