import type { Activities } from './contracts';
import type { ActivityEnvironment } from './environment';
import { createOperationActivities } from './operation';
import { createRouterActivities } from './router';
import { createSwitchActivities } from './switch';

/** Every activity, given what it depends on. */
export function createActivities(environment: ActivityEnvironment): Partial<Activities> {
  return {
    ...createOperationActivities(environment),
    ...createRouterActivities(environment),
    ...createSwitchActivities(environment),
  };
}
