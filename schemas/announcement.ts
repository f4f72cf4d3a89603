/** What everybody is told of a change of primary, and the order of changes. Plain types and pure functions: workflow code uses them. */
import type { ClusterDefinition } from './cluster';
import type { Subscriber } from './subscribers';
import type { ClusterState, Endpoint } from './topology';

export interface PlacedMember {
  name: string;
  address: string;
  port: number;
}

/** Who serves a cluster in an epoch: what the topology endpoint answers and subscribers are told. */
export interface Topology {
  cluster: string;
  epoch: number;
  primary: PlacedMember;
  replicas: PlacedMember[];
  /** Where applications connect to: the first router's ports, or the servers themselves where there is no router. */
  endpoints: { write: Endpoint; read: Endpoint };
  routers: { name: string; write: Endpoint; read: Endpoint }[];
}

export interface Announcement extends Topology {
  /** Of this change of this cluster, the same at every attempt: receivers know by it what they have had already. */
  id: string;
  /** `primary`: who is primary from now on; `deleted`: the cluster is gone, and this is what it was last. */
  event: 'primary' | 'deleted';
  /** ISO time at which the cluster was made: a name may be used again, and its epochs begin at 1 again. */
  created: string;
  /** ISO time at which it was told. */
  at: string;
  /** The operation that brought it about, where known. */
  operation?: string;
}

/** What a pivot, a guard or a deletion hands over. */
export interface Told {
  announcement: Announcement;
  subscribers: Subscriber[];
  /** How often the cluster's plan was changed: of two lists of one epoch the later one is true. */
  revision?: number;
}

/** Where a change stands in the order of all changes under one name. */
export type Place = Pick<Announcement, 'created' | 'event' | 'epoch'>;

export const placeOf = ({ created, event, epoch }: Place): Place => ({ created, event, epoch });

/** Negative when `a` comes first: an earlier cluster of the name, then a lower epoch; its deletion is the last of a cluster. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  if (a.event !== b.event) return a.event === 'deleted' ? 1 : -1;
  // Whatever epoch it died in, a cluster is deleted once.
  return a.event === 'deleted' ? 0 : a.epoch - b.epoch;
}

/** Without white space and dots, as a header of a signed delivery wants it. */
export const announcementId = (cluster: string, { created, event, epoch }: Place): string =>
  [cluster, created.replace(/[^0-9TZ]/g, ''), event === 'deleted' ? event : String(epoch)].filter((part) => part !== '').join('/');

/** Who is told what, as the workflow `announce/<cluster>` answers its query `announcements`. */
export interface AnnouncementsView {
  cluster: string;
  subscribers: SubscriberView[];
}

export interface SubscriberView {
  name: string;
  kind: 'webhook' | 'consul' | 'etcd';
  /** The newest that it confirmed. */
  confirmed?: { epoch: number; at: string; event: Announcement['event'] };
  /** What it has yet to confirm, in order. */
  waiting: { epoch: number; event: Announcement['event']; since: string }[];
  /** Attempts in a row that were not confirmed, and what the last one met. */
  failed: number;
  lastError?: string;
  /** Changes that it will never be told: a person skipped them, or too many waited. */
  skipped: number;
}

/** Pure. */
export function topologyOf(state: ClusterState): Topology {
  const { definition, members, routers, epoch, primary } = state;
  const placed = members.map(({ name, address, port }) => ({ name, address, port }));
  const place = (member: PlacedMember | undefined): Endpoint => ({ host: member?.address ?? '', port: member?.port ?? 0 });
  const primaryPlace = placed.find(({ name }) => name === primary);
  // Without a router of ours the servers themselves are connected to.
  const first = routers[0] ?? { write: place(primaryPlace), read: place(placed.find(({ name }) => name !== primary) ?? primaryPlace) };
  return {
    cluster: definition.name,
    epoch,
    primary: primaryPlace ?? { name: primary, address: '', port: 0 },
    replicas: placed.filter(({ name }) => name !== primary),
    endpoints: { write: first.write, read: first.read },
    routers: routers.map(({ name, write, read }) => ({ name, write, read })),
  };
}

/** Pure. */
export function announcementOf(state: ClusterState, at: string, event: Announcement['event'], operation?: string): Announcement {
  const place: Place = { created: state.created ?? '', event, epoch: state.epoch };
  return {
    id: announcementId(state.definition.name, place),
    ...place,
    at,
    ...topologyOf(state),
    ...(operation === undefined ? {} : { operation }),
  };
}

/** Of a cluster that was made before there were subscribers there are none. */
export const subscribersOf = (definition: Partial<ClusterDefinition>): Subscriber[] => definition.subscribers ?? [];

export const kindOf = (subscriber: Subscriber): SubscriberView['kind'] =>
  subscriber.webhook ? 'webhook' : subscriber.consul ? 'consul' : 'etcd';
