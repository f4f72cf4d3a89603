import { createAdoptionActivities } from './adoption';
import { createAnnounceActivities } from './announce';
import type { Activities } from './contracts';
import { createDockerActivities } from './docker';
import type { ActivityEnvironment } from './environment';
import { createGuardActivities } from './guard';
import { createMysqlActivities } from './mysql';
import { createOperationActivities } from './operation';
import { createRouterActivities } from './router';
import { createSwitchActivities } from './switch';

/** Every activity, given what it depends on. */
export function createActivities(environment: ActivityEnvironment): Activities {
  return {
    ...createOperationActivities(environment),
    ...createDockerActivities(environment),
    ...createAdoptionActivities(environment),
    ...createMysqlActivities(environment),
    ...createRouterActivities(environment),
    ...createSwitchActivities(environment),
    ...createGuardActivities(environment),
    ...createAnnounceActivities(environment),
  };
}
