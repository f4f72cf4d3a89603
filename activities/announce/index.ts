import { subscribersOf } from '../../schemas/announcement';
import type { AnnounceActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { checkSubscribers } from './check';
import { deliver } from './deliver';
import { tellSubscribers } from './tell';

/** Who wants to know of a change of primary: webhooks, Consul, etcd (docs/announcements.md). */
export function createAnnounceActivities({ client, secrets }: ActivityEnvironment): AnnounceActivities {
  return {
    checkSubscribers: (definition) => checkSubscribers(secrets, subscribersOf(definition)),
    tellSubscribers: (state, event, operation) => tellSubscribers(client, state, event, operation),
    deliverAnnouncement: (subscriber, announcement) => deliver(secrets, subscriber, announcement),
  };
}
