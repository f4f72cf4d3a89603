import type { Client } from '@temporalio/client';
import Docker from 'dockerode';
import type { Logger } from 'pino';

import type { ActivityEnvironment, Host } from '../activities/environment';
import { SecretStore } from '../activities/secrets';
import { type Home, instanceOf } from '../platform/paths';

/** What the activities of this process are given: one local engine unless an inventory says otherwise. */
export async function createEnvironment(home: Home, client: Client, log: Logger): Promise<ActivityEnvironment> {
  return {
    instance: await instanceOf(home),
    home: home.root,
    secrets: new SecretStore(home.secrets),
    hosts: new Map<string, Host>([['local', { name: 'local', engine: new Docker() }]]),
    client,
    log,
  };
}
