import type { RouterView } from '../../schemas/observation';
import type { Cluster, ClusterState, Router } from '../../schemas/topology';
import type { RouterActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { codeOf, failure } from '../failure';
import { redact } from '../redact';
import { openRouter } from './admin';
import type { Reader } from './readers';
import { warmReaders } from './warm';

export { openRouter, RouterAdmin, type OpenRouterOptions } from './admin';

/** Bound of a connection and of each command; a router on a living host answers in milliseconds. */
const timeoutMs = 2000;
/** Looks are made in the middle of a pivot too, and the router of a dead host answers nothing: as long as the members are given. */
const viewTimeoutMs = 1000;

const message = (error: unknown) => redact(error instanceof Error ? error.message : String(error));

/** Whom the read port leads to: the readers, or what the cluster's policy says when there is none. */
export function readersOf(state: ClusterState, names: string[]): Reader[] {
  const chosen = state.members.filter((member) => names.includes(member.name));
  const fallback = state.members.filter((member) => member.name === state.primary && state.definition.readFallback === 'primary');
  return (chosen.length ? chosen : fallback).map(({ address, port }) => ({ address, port }));
}

async function tellRouter(
  env: ActivityEnvironment,
  state: ClusterState,
  router: Router,
  readers: Reader[],
  keepHold: boolean,
): Promise<void> {
  const primary = state.members.find((member) => member.name === state.primary);
  if (!primary) throw failure('Internal', `the primary ${state.primary} is not a member of cluster ${state.definition.name}`);
  const admin = await openRouter(env, state, router, { timeoutMs, epoch: state.epoch });
  try {
    const view = await admin.view();
    await admin.readers(readers);
    const inPlace =
      view.epoch === state.epoch && view.open && view.primary?.address === primary.address && view.primary.port === primary.port;
    // What is in place is left alone: to point it again would cut the connections of clients.
    if (!inPlace) await admin.pointHeld(primary, state.epoch);
    if (!(view.held && keepHold)) await admin.release();
  } finally {
    admin.end();
  }
}

export function createRouterActivities(env: ActivityEnvironment): RouterActivities {
  return {
    async tellRouters(state: ClusterState, readers: string[], routers?: string[], keepHold = false) {
      const asked = state.routers.filter((router) => !routers || routers.includes(router.name));
      const from = readersOf(state, readers);
      const outcomes = await Promise.allSettled(asked.map((router) => tellRouter(env, state, router, from, keepHold)));
      const confirmed: string[] = [];
      const missing: string[] = [];
      for (const [index, outcome] of outcomes.entries()) {
        const name = asked[index]?.name ?? '';
        if (outcome.status === 'fulfilled') confirmed.push(name);
        else if (codeOf(outcome.reason) === 'RouterUnreachable') {
          missing.push(name);
          env.log.warn({ cluster: state.definition.name, router: name, error: message(outcome.reason) }, 'a router was not told the epoch');
        } else throw outcome.reason;
      }
      const told = asked.filter(({ name }) => confirmed.includes(name));
      await warmReaders(env, state, told, from.length);
      return { confirmed, missing };
    },

    viewRouters: (cluster: Cluster) => viewRouters(env, cluster, viewTimeoutMs),
  };
}

/** What each router knows; `boundMs` is that of a connection and of each command. */
export async function viewRouters(env: Pick<ActivityEnvironment, 'secrets'>, cluster: Cluster, boundMs: number): Promise<RouterView[]> {
  return Promise.all(
    cluster.routers.map(async (router) => {
      try {
        const admin = await openRouter(env, cluster, router, { timeoutMs: boundMs });
        try {
          return await admin.view();
        } finally {
          admin.end();
        }
      } catch (error) {
        return {
          name: router.name,
          reachable: false,
          error: message(error),
          epoch: 0,
          primary: null,
          held: false,
          open: false,
          sessions: 0,
          readers: [],
        };
      }
    }),
  );
}
