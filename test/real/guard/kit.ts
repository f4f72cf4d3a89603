/** A running semi-sync cluster without a router, and watches over it without Temporal. */
import { performance } from 'node:perf_hooks';

import { watchTools } from '../../../activities/guard';
import { EngineEvents } from '../../../activities/guard/engine-events';
import { Watch } from '../../../activities/guard/watch';
import type { Finding, WatchInput, WatchReport } from '../../../schemas/guard';
import type { ClusterFile } from '../../../schemas/cluster';
import type { ClusterState } from '../../../schemas/topology';
import { reopenPrimary } from '../../../activities/guard/reopen';
import { type Extra, type Servers, sleep, startServers, type Version } from '../mysql/kit';

export interface Watched {
  servers: Servers;
  state: ClusterState;
  /** Runs a watch until it reports or `signal` fires. */
  watch(input?: Partial<WatchInput>, signal?: AbortSignal): Promise<WatchReport>;
  /** Watches for so long and gives every change of findings. */
  watchFor(ms: number, input?: Partial<WatchInput>): Promise<WatchReport[]>;
  /** Starts the primary's container if it is stopped, opens it again, and waits until both replicas acknowledge. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWatched(which: Version, options: Partial<ClusterFile> = {}, extra?: Extra): Promise<Watched> {
  const servers = await startServers(which, options, extra);
  const [primary, ...replicas] = servers.members;
  const state: ClusterState = { ...servers.cluster, routers: [], epoch: 1, primary: primary.name };
  try {
    const session = await servers.connect(primary);
    const flavor = servers.flavor(session);
    await flavor.openForOperation(session);
    for (const replica of replicas) await servers.follow(replica, primary);
    await session.query("INSERT INTO drydock.journal (epoch, primary_name, operation, reason) VALUES (1, ?, 'test', 'test')", [
      primary.name,
    ]);
    if (servers.cluster.definition.durability === 'semi-sync') {
      for (const replica of replicas) {
        const other = await servers.connect(replica);
        await flavor.setSemiSyncReplica(other, true);
        other.end();
      }
      for (let tries = 0; (await flavor.semiSync(session)).clients < 2; tries++) {
        if (tries > 100) throw new Error('the replicas do not acknowledge');
        await sleep(100);
      }
      await flavor.enableSemiSyncSource(session, 1);
    }
    await flavor.setWritable(session);
    session.end();
  } catch (error) {
    await servers.stop();
    throw error;
  }
  const tools = { ...watchTools(servers.env, new EngineEvents(servers.env)), viewRouters: () => Promise.resolve([]) };
  const watch: Watched['watch'] = (input = {}, signal = new AbortController().signal) =>
    new Watch(tools, { state, maxSeconds: 60, known: [], ...input }).run(signal);
  return {
    servers,
    state,
    watch,
    watchFor: async (ms, input = {}) => {
      const reports: WatchReport[] = [];
      const until = performance.now() + ms;
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), ms);
      let known: Finding[] = input.known ?? [];
      while (performance.now() < until) {
        const report = await watch({ ...input, known }, controller.signal);
        if (report.kind === 'shutdown') break;
        reports.push(report);
        known = report.findings;
      }
      clearTimeout(timer);
      return reports;
    },
    revive: async () => {
      for (const member of servers.members)
        await servers
          .container(member)
          .start()
          .catch(() => undefined);
      for (let tries = 0; ; tries++) {
        try {
          await reopenPrimary(servers.env, state, 'guard/lab', 1);
          break;
        } catch (error) {
          if (tries > 100) throw error;
          await sleep(200);
        }
      }
      const session = await servers.connect(primary);
      for (let tries = 0; (await servers.flavor(session).semiSync(session)).clients < 2; tries++) {
        if (tries > 100) throw new Error('the replicas do not acknowledge');
        // Receivers try again each second; one that was stopped is told.
        if (tries % 20 === 19) for (const replica of replicas) await servers.follow(replica, primary).catch(() => undefined);
        await sleep(100);
      }
      session.end();
    },
    stop: () => servers.stop(),
  };
}

export const names = (report: WatchReport | undefined): string[] => (report?.findings ?? []).map(({ diagnosis }) => diagnosis);
