import type { Cluster } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { openRouter, type RouterAdmin } from '../router/admin';

/** A router that does not answer for so long does not hold up the others; it is named in the report. */
const ROUTER_TIMEOUT_MS = 1000;

/** All routers of a cluster, worked at the same time. One that fails is left out from then on and named as missing. */
export class RouterGroup {
  private constructor(
    private readonly admins: Map<string, RouterAdmin>,
    readonly missing: Map<string, string>,
  ) {}

  /** Opens exclusive sessions, so that those of an earlier attempt can send nothing any more. */
  static async open(env: ActivityEnvironment, cluster: Cluster): Promise<RouterGroup> {
    const group = new RouterGroup(new Map(), new Map());
    await Promise.all(
      cluster.routers.map(async (router) => {
        try {
          group.admins.set(router.name, await openRouter(env, cluster, router, { timeoutMs: ROUTER_TIMEOUT_MS, exclusive: true }));
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
