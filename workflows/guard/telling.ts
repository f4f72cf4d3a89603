import { condition } from '@temporalio/workflow';

import { subscribersOf } from '../../schemas/announcement';
import { tellOnce } from '../announce/tell';
import type { Watchman } from './watchman';

const retryMs = 10_000;

/** Subscribers hear of every epoch. A pivot tells them itself, sooner; one that was terminated did not. */
export async function keepTelling(keeper: Watchman, over: () => boolean): Promise<void> {
  const untold = ({ state, told }: Watchman['memory']): boolean => subscribersOf(state.definition).length > 0 && told !== state.epoch;
  while (!over()) {
    await condition(() => over() || untold(keeper.memory));
    if (over()) return;
    const { state } = keeper.memory;
    const problem = await tellOnce(state, 'primary');
    if (problem === undefined) keeper.memory = { ...keeper.memory, told: state.epoch };
    else {
      keeper.note(`subscribers were not told of epoch ${state.epoch}: ${problem}`);
      await condition(over, retryMs);
    }
  }
}
