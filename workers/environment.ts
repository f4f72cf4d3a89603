import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';

import type { ActivityEnvironment } from '../activities/environment';
import { SecretStore } from '../activities/secrets';
import { localEngine } from '../platform/engine';
import { type Home, instanceOf } from '../platform/paths';
import { hostsOf } from './hosts';

/** What the activities of this process are given: one local engine unless an inventory says otherwise. Throws when the inventory is wrong. */
export async function createEnvironment(home: Home, client: Client, log: Logger, observer?: string): Promise<ActivityEnvironment> {
  const { hosts, observers } = await hostsOf(home, log);
  return {
    instance: await instanceOf(home),
    home: home.root,
    secrets: new SecretStore(home.secrets),
    hosts,
    watchers: { observers, self: observer },
    imageSource: localEngine(),
    client,
    log,
  };
}
