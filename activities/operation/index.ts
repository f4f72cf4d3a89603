import type { OperationActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { acquireHold, releaseHold } from './hold';
import { validateInput } from './validate';

/** What every operation needs: its input validated, its target held. On the queue of the plans, so that bulk work delays no operation's start. */
export function createOperationActivities({ client }: ActivityEnvironment): OperationActivities {
  return {
    validateInput: (type, input) => Promise.resolve().then(() => validateInput(type, input)),
    acquireHold: (target, operation) => acquireHold(client, target, operation),
    releaseHold: (target, operation) => releaseHold(client, target, operation),
  };
}
