import { clusterTarget, labels } from '../../schemas/names';
import type { Cluster, Member, Router } from '../../schemas/topology';

export type Kind = 'network' | 'definition' | 'volume' | 'address' | 'member' | 'router' | 'trial' | 'tool' | 'helper';

/** What label `drydock.spec` holds, by kind of object; JSON, and never a secret. */
export interface Specs {
  /** The whole plan, so that a host that can not be asked does not make the cluster look smaller than it is. */
  network: Cluster;
  /** The whole plan as it was changed since: labels of a network can't be. */
  definition: Cluster;
  volume: { member: string; replaces?: string };
  address: { member: string };
  member: Member;
  router: Router;
  /** A server beside the cluster, of another version: a rehearsal of an upgrade. */
  trial: Member;
  /** Copies data to and from a member that is no container; it has no server. */
  tool: { member: string };
  /** Does one thing to a member's data, or asks it something, and ends. */
  helper: { member: string; attempt: number };
}

/** Dots, because names of clusters and members have none: two clusters, or two installations, never share a name. */
export const objectName = (instance: string, cluster: string, ...parts: (string | number)[]): string =>
  ['drydock', instance, cluster, ...parts].join('.');

export function labelsOf<K extends Kind>(
  instance: string,
  operation: string,
  cluster: string,
  kind: K,
  name: string,
  spec: Specs[K],
): Record<string, string> {
  return {
    [labels.instance]: instance,
    [labels.operation]: operation,
    [labels.target]: clusterTarget(cluster),
    [labels.kind]: kind,
    [labels.name]: name,
    [labels.spec]: JSON.stringify(spec),
  };
}

type Labelled = Record<string, string> | undefined | null;

export const specOf = <K extends Kind>(kind: K, found: Labelled): Specs[K] | undefined => {
  const text = found?.[labels.kind] === kind ? found[labels.spec] : undefined;
  return text === undefined ? undefined : (JSON.parse(text) as Specs[K]);
};

export const operationOf = (found: Labelled): string | undefined => found?.[labels.operation];

/** Name of the cluster that an object belongs to. */
export const clusterOf = (found: Labelled): string => (found?.[labels.target] ?? '').slice(clusterTarget('').length);

export const belongsTo = (found: Labelled, instance: string, cluster: string): boolean =>
  found?.[labels.instance] === instance && found[labels.target] === clusterTarget(cluster);

/** Filter of the engine's list calls: everything of this cluster, or of one kind, that this installation owns. */
export const ownedBy = (instance: string, cluster: string, kind?: Kind): { label: string[] } => ({
  label: [
    `${labels.instance}=${instance}`,
    `${labels.target}=${clusterTarget(cluster)}`,
    ...(kind === undefined ? [] : [`${labels.kind}=${kind}`]),
  ],
});
