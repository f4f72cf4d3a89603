import { setTimeout } from 'node:timers/promises';

import type { Cluster, Router } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { openRouter, type RouterAdmin } from '../router/admin';

/** A router that was reached answers within this, or it is left out. */
const COMMAND_BOUND_MS = 1000;
const GRACE_MS = 60;

interface Entry {
  /** What was asked of this router so far, in order; begins with the opening of its session. */
  work: Promise<void>;
  admin?: RouterAdmin;
  failed?: string;
}

/**
 * All routers of a cluster, worked at the same time. One that is late is not waited for: what was asked of it is done, in order, when its
 * session opens. One that fails is left out from then on and named as missing.
 */
export class RouterGroup {
  private readonly entries = new Map<string, Entry>();

  static none(): RouterGroup {
    return new RouterGroup();
  }

  /**
   * Opens exclusive sessions, so that those of an earlier attempt can send nothing any more. Returns after `boundMs` at the latest. Those that
   * are `doubtful` are waited for shortly: one that lives opens in a fraction of that, and one that is silent must not cost what clients wait.
   */
  static async open(
    env: Pick<ActivityEnvironment, 'secrets'>,
    cluster: Cluster,
    boundMs: number,
    doubtful: (router: Router) => boolean = () => false,
  ): Promise<RouterGroup> {
    const group = new RouterGroup();
    const waited: Promise<unknown>[] = [];
    for (const router of cluster.routers) {
      const entry: Entry = { work: Promise.resolve() };
      group.entries.set(router.name, entry);
      entry.work = group.guarded(entry, async () => {
        entry.admin = await openRouter(env, cluster, router, { timeoutMs: COMMAND_BOUND_MS, exclusive: true });
        if (group.ended) entry.admin.end();
      });
      waited.push(doubtful(router) ? Promise.race([entry.work, setTimeout(GRACE_MS, undefined, { ref: false })]) : entry.work);
    }
    await Promise.race([Promise.all(waited), setTimeout(boundMs, undefined, { ref: false })]);
    return group;
  }

  private ended = false;

  /** Returns when the routers whose sessions are open have done it; the late ones do it when theirs open. */
  async each(work: (admin: RouterAdmin) => Promise<unknown>): Promise<void> {
    const waited: Promise<void>[] = [];
    for (const entry of this.entries.values()) {
      const opened = entry.admin !== undefined;
      entry.work = entry.work.then(() => this.guarded(entry, async () => void (entry.admin && (await work(entry.admin)))));
      if (opened) waited.push(entry.work);
    }
    await Promise.all(waited);
  }

  /** Gives late routers until the bound to catch up. */
  async finish(boundMs: number): Promise<void> {
    await Promise.race([this.settled(), setTimeout(boundMs, undefined, { ref: false })]);
  }

  get confirmed(): string[] {
    return this.names(({ admin, failed }) => admin !== undefined && failed === undefined);
  }

  get missing(): string[] {
    return this.names(({ admin, failed }) => admin === undefined || failed !== undefined);
  }

  end(): void {
    this.ended = true;
    for (const { admin } of this.entries.values()) admin?.end();
  }

  private names(which: (entry: Entry) => boolean): string[] {
    return [...this.entries].filter(([, entry]) => which(entry)).map(([name]) => name);
  }

  private async settled(): Promise<void> {
    await Promise.all([...this.entries.values()].map(({ work }) => work));
  }

  private async guarded(entry: Entry, work: () => Promise<void>): Promise<void> {
    if (entry.failed !== undefined) return;
    try {
      await work();
    } catch (error) {
      entry.failed = error instanceof Error ? error.message : String(error);
      entry.admin?.end();
    }
  }
}
