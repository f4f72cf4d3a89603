import { setTimeout } from 'node:timers/promises';

import type { Cluster } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { openRouter, type RouterAdmin } from '../router/admin';

/** A router that was reached answers within this, or it is left out. */
const COMMAND_BOUND_MS = 1000;

/** All routers of a cluster, worked at the same time. One that fails is left out from then on and named as missing. */
export class RouterGroup {
  private constructor(
    private readonly admins: Map<string, RouterAdmin>,
    readonly missing: Map<string, string>,
  ) {}

  static none(): RouterGroup {
    return new RouterGroup(new Map(), new Map());
  }

  /** Opens exclusive sessions, so that those of an earlier attempt can send nothing any more. */
  static async open(env: ActivityEnvironment, cluster: Cluster, boundMs: number): Promise<RouterGroup> {
    const group = RouterGroup.none();
    await Promise.all(
      cluster.routers.map(async (router) => {
        try {
          group.admins.set(
            router.name,
            await within(boundMs, openRouter(env, cluster, router, { timeoutMs: COMMAND_BOUND_MS, exclusive: true })),
          );
        } catch (error) {
          group.missing.set(router.name, messageOf(error));
        }
      }),
    );
    return group;
  }

  async each(work: (admin: RouterAdmin) => Promise<unknown>): Promise<void> {
    await Promise.all(
      [...this.admins].map(async ([name, admin]) => {
        try {
          await work(admin);
        } catch (error) {
          this.missing.set(name, messageOf(error));
          this.admins.delete(name);
          admin.end();
        }
      }),
    );
  }

  get confirmed(): string[] {
    return [...this.admins.keys()];
  }

  end(): void {
    for (const admin of this.admins.values()) admin.end();
  }
}

/** A session that comes later than that is ended: the guard tells that router. */
async function within(boundMs: number, opening: Promise<RouterAdmin>): Promise<RouterAdmin> {
  const late = setTimeout(boundMs, undefined, { ref: false });
  const admin = await Promise.race([opening, late]);
  if (admin) return admin;
  void opening.then((opened) => opened.end()).catch(() => undefined);
  throw new Error(`no admin session within ${boundMs} ms`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
