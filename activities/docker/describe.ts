import { setTimeout as sleep } from 'node:timers/promises';

import { withCommands } from '../../schemas/commands';
import type { Cluster, Member, Router } from '../../schemas/topology';
import { readAdoption } from '../adoption/record';
import type { ActivityEnvironment, Host } from '../environment';
import { codeOf } from '../failure';
import { ask } from './engine';
import { ownedBy, specOf } from './labels';
import { planOn } from './network';
import { newestOf } from './revisions';

interface Found {
  plan?: Cluster;
  members: Member[];
  routers: Router[];
}

async function lookAt(env: ActivityEnvironment, host: Host, cluster: string): Promise<Found> {
  const [network, containers] = await Promise.all([
    planOn(host, env.instance, cluster),
    ask(host, () => host.engine.listContainers({ all: true, filters: ownedBy(env.instance, cluster) })),
  ]);
  const members = containers.flatMap((container) => specOf('member', container.Labels) ?? []);
  // The volume may have been replaced since; the mount tells.
  for (const member of members) {
    const mount = containers
      .find((container) => specOf('member', container.Labels)?.name === member.name)
      ?.Mounts.find((each) => each.Type === 'volume' && each.Name);
    if (mount?.Name) member.volume = mount.Name;
  }
  return { plan: network?.plan, members, routers: containers.flatMap((container) => specOf('router', container.Labels) ?? []) };
}

/** What was found takes the place of what was planned, by name; what is missing stays as planned. */
export function overlay<Item extends { name: string }>(planned: Item[], found: Item[]): Item[] {
  const byName = new Map([...planned, ...found].map((item) => [item.name, item]));
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** When one host has told what there is, the others are waited for so long: an engine lists objects in a tenth of it, over SSH in half. */
const lookMs = 2000;
/** One that has just been silent is given less, so that a dead host does not make every look of a pivot last as long. */
const lookAgainMs = 250;
const silentForMs = 5000;
const silentSince = new WeakMap<Host, number>();

const isKnownSilent = (host: Host): boolean => performance.now() - (silentSince.get(host) ?? -Infinity) < silentForMs;

/** Asks all hosts at once. A host that does not answer holds up nobody once another has the plan. */
async function lookEverywhere(env: ActivityEnvironment, cluster: string): Promise<{ found: Found[]; silent?: Error }> {
  const found: Found[] = [];
  let silent: Error | undefined;
  const waiting = new Set(env.hosts.values());
  const began = performance.now();
  let hasPlan: () => void = () => undefined;
  const planFound = new Promise<void>((resolve) => (hasPlan = resolve));
  const looks = [...waiting].map(async (host) => {
    try {
      const look = await lookAt(env, host, cluster);
      found.push(look);
      if (look.plan) hasPlan();
    } catch (error) {
      if (!(error instanceof Error) || codeOf(error) !== 'EngineUnavailable') throw error;
      silent = error;
      silentSince.set(host, performance.now());
    } finally {
      waiting.delete(host);
    }
  });
  const enough = async (): Promise<void> => {
    await planFound;
    const bound = [...waiting].every(isKnownSilent) ? lookAgainMs : lookMs;
    await sleep(Math.max(0, bound - (performance.now() - began)), undefined, { ref: false });
    // Not by the short bound: an engine that is only slow would never be heard again.
    if (bound === lookMs) for (const host of waiting) silentSince.set(host, performance.now());
  };
  const all = Promise.all(looks);
  all.catch(() => undefined);
  await Promise.race([all, enough()]);
  return { found: [...found], silent };
}

/** As the inventory says now: hosts are moved, labels are not. */
function inItsDataCentre(env: ActivityEnvironment, member: Member): Member {
  const dataCentre = env.hosts.get(member.host)?.dataCentre;
  return dataCentre === undefined ? member : { ...member, dataCentre };
}

/**
 * What exists of a cluster, from labels. A member whose container was removed or whose host does not answer is still named:
 * who may have acknowledged must be counted in full. Null when no host knows the cluster. Throws EngineUnavailable when none
 * that answers knows it and some did not answer. A cluster that others made is known by its record, whatever the engines say.
 */
export async function describeCluster(env: ActivityEnvironment, cluster: string): Promise<Cluster | null> {
  const { found, silent } = await lookEverywhere(env, cluster);
  const [first, ...others] = found.flatMap((each) => each.plan ?? []);
  const plan = first && newestOf(first, others);
  if (!plan || plan.adoption) {
    const adopted = await readAdoption(env.client, cluster);
    if (adopted) return withFoundRouters(adopted, found);
    // Networks and routers that an adoption which was cut off has left are no cluster.
    if (plan) return null;
    if (silent) throw silent;
    return null;
  }
  // What is left of one that was taken out, on a host that was away, is no member any more.
  const left = plan.removed ?? [];
  const members = overlay(
    plan.members,
    found.flatMap((each) => each.members),
  ).filter(({ name }) => !left.includes(name));
  return {
    definition: plan.definition,
    created: plan.created,
    ...(plan.revision === undefined ? {} : { revision: plan.revision, removed: left }),
    ...(plan.upgrade ? { upgrade: plan.upgrade } : {}),
    members: withCommands(plan.definition, members).map((member) => inItsDataCentre(env, member)),
    routers: overlay(
      plan.routers,
      found.flatMap((each) => each.routers),
    ),
  };
}

const withFoundRouters = (adopted: Cluster, found: Found[]): Cluster => ({
  ...adopted,
  members: withCommands(adopted.definition, adopted.members),
  routers: overlay(
    adopted.routers,
    found.flatMap((each) => each.routers),
  ),
});
