import type { CreateClusterInput } from '../../schemas/inputs';
import type { OperationActivities } from '../contracts';
import { refuseHosts } from '../docker/hosts';
import type { ActivityEnvironment } from '../environment';
import { acquireHold, releaseHold } from './hold';
import { validateInput } from './validate';

/** What every operation needs: its input validated, its target held. On the queue of the plans, so that bulk work delays no operation's start. */
export function createOperationActivities(env: ActivityEnvironment): OperationActivities {
  const { client } = env;
  return {
    validateInput: (type, input) =>
      Promise.resolve().then(() => {
        const parsed = validateInput(type, input);
        if (type === 'createCluster') refuseHosts(env, (parsed as CreateClusterInput).cluster);
        return parsed;
      }),
    acquireHold: (target, operation, waitedFor) => acquireHold(client, target, operation, waitedFor),
    releaseHold: (target, operation) => releaseHold(client, target, operation),
  };
}
