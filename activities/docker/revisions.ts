/**
 * A cluster's plan as it was changed since it was made. The plan is in the label of the cluster's networks, and labels can't be changed: so each
 * change is the label of an empty volume, `drydock.<instance>.<cluster>.definition.<revision>`, on every host of the cluster. The engine
 * answers the creation of a volume that exists with the one that is there, so of two changes with one number the first counts.
 */
import type { Cluster } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { codeOf, failure } from '../failure';
import { ask, ifThere, stillWanted } from './engine';
import { labels } from '../../schemas/names';
import { labelsOf, objectName, ownedBy, specOf } from './labels';

export const revisionOf = (plan: Pick<Cluster, 'revision'>): number => plan.revision ?? 0;

/** Of plans of one cluster the one that was changed last; a name may have been another cluster's before. */
export function newestOf<Plan extends Pick<Cluster, 'created' | 'revision'>>(first: Plan, others: Plan[]): Plan {
  return others
    .filter(({ created }) => created === first.created)
    .reduce((best, other) => (revisionOf(other) > revisionOf(best) ? other : best), first);
}

export async function revisionsOn(host: Host, instance: string, cluster: string): Promise<{ volume: string; plan: Cluster }[]> {
  const { Volumes } = await ask(host, () => host.engine.listVolumes({ filters: ownedBy(instance, cluster, 'definition') }));
  return (Volumes ?? []).flatMap(({ Name, Labels }) => {
    const plan = specOf('definition', Labels);
    return plan ? [{ volume: Name, plan }] : [];
  });
}

/** Whether enough was told: more than half of the members that are to be there stand on hosts that have it. Pure. */
export function isWidelyKnown(plan: Pick<Cluster, 'members'>, told: ReadonlySet<string>, inventory: ReadonlySet<string>): boolean {
  const standing = plan.members.filter(({ host }) => inventory.has(host));
  return standing.length > 0 && standing.filter(({ host }) => told.has(host)).length > standing.length / 2;
}

/**
 * Writes a changed plan down on every host of the cluster, and then removes what it replaces. Answers the hosts that do not have it: one that is
 * lost must not keep its members from being replaced. Throws ExpectationFailed when the plan was changed by somebody else, EngineUnavailable when
 * too few hosts have it.
 */
export async function recordPlan(
  env: Pick<ActivityEnvironment, 'hosts' | 'instance'>,
  operation: string,
  plan: Cluster,
): Promise<{ missing: string[] }> {
  const { name, hosts } = plan.definition;
  const concerned = new Set([...hosts, ...plan.members.map(({ host }) => host), ...plan.routers.map(({ host }) => host)]);
  const told = new Set<string>();
  const missing: string[] = [];
  await Promise.all(
    [...concerned].map(async (hostName) => {
      const host = env.hosts.get(hostName);
      try {
        if (host) await recordOn(host, env.instance, operation, plan);
        if (host) told.add(hostName);
        else missing.push(hostName);
      } catch (error) {
        if (codeOf(error) !== 'EngineUnavailable') throw error;
        missing.push(hostName);
      }
    }),
  );
  stillWanted();
  if (!isWidelyKnown(plan, told, new Set(env.hosts.keys())))
    throw failure(
      'EngineUnavailable',
      `the change of cluster ${name} is written down on ${[...told].join(', ') || 'no host'}; ${missing.join(', ')} did not answer, and more than ` +
        'half of the members must stand on hosts that have it',
    );
  for (const hostName of told) {
    const host = env.hosts.get(hostName);
    if (host) await forgetBefore(host, env.instance, plan);
  }
  return { missing: missing.sort() };
}

async function recordOn(host: Host, instance: string, operation: string, plan: Cluster): Promise<void> {
  const { name } = plan.definition;
  const Labels = labelsOf(instance, operation, name, 'definition', name, plan);
  const Name = objectName(instance, name, 'definition', revisionOf(plan));
  const labelsKept = async (): Promise<Record<string, string> | null> => {
    await ask(host, () => host.engine.createVolume({ Name, Labels }));
    return (await ask(host, () => host.engine.getVolume(Name).inspect())).Labels;
  };
  let kept = await labelsKept();
  if (specOf('definition', kept)?.created !== plan.created) {
    // Left by an earlier cluster of this name.
    await ifThere(host, () => host.engine.getVolume(Name).remove());
    kept = await labelsKept();
  }
  if (kept?.[labels.spec] === Labels[labels.spec]) return;
  throw failure(
    'ExpectationFailed',
    `cluster ${name} was changed by ${kept?.[labels.operation] ?? 'somebody else'} meanwhile: start again`,
    [],
    false,
  );
}

async function forgetBefore(host: Host, instance: string, plan: Cluster): Promise<void> {
  for (const { volume, plan: old } of await revisionsOn(host, instance, plan.definition.name))
    if (old.created !== plan.created || revisionOf(old) < revisionOf(plan))
      await ifThere(host, () => host.engine.getVolume(volume).remove()).catch((error: unknown) => {
        // Only untidy: the highest counts.
        if (codeOf(error)) throw error;
      });
}
