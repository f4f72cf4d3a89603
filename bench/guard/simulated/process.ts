/** The process of the simulated clusters: started by fleet.ts, which it ends with. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { ensureAdminCertificates } from '../../../activities/router/certificates';
import { SecretStore } from '../../../activities/secrets';
import { homeAt, instanceOf } from '../../../platform/paths';
import { passwordRef } from '../../../schemas/names';
import { clusterAt, type Health, SimulatedCluster } from './cluster';
import { SimulatedEngine } from './engine';
import { counts, SimulatedMember } from './member';
import { routerCounts, startRouter } from './router';

export type ToFleet =
  | { kind: 'start'; home: string; clusters: number }
  | { kind: 'primary'; cluster: string; health: Health; request: number }
  | { kind: 'counts'; request: number };

/** What all clusters were asked since the start. */
export interface FleetCounts {
  connections: number;
  statements: number;
  handshakes: number;
  unknown: Record<string, number>;
}

export type FromFleet =
  | { kind: 'ready'; names: string[]; engine: string }
  /** When it happened, in milliseconds since 1970. */
  | { kind: 'done'; request: number; at: number }
  | { kind: 'counts'; request: number; counts: FleetCounts }
  | { kind: 'broken'; message: string };

const membersEach = 3;

class Fleet {
  private readonly clusters = new Map<string, SimulatedCluster>();
  private readonly primaries = new Map<string, SimulatedMember>();

  private engine?: SimulatedEngine;

  static async start(root: string, clusters: number): Promise<Fleet> {
    const home = homeAt(root);
    const secrets = new SecretStore(home.secrets);
    const fleet = new Fleet();
    for (let number = 1; number <= clusters; number++) await fleet.add(`sim-${String(number).padStart(3, '0')}`, secrets);
    fleet.engine = new SimulatedEngine([...fleet.clusters.values()], await instanceOf(home));
    const socket = join(home.root, 'engine.sock');
    await fleet.engine.listen(socket);
    tell({ kind: 'ready', names: [...fleet.clusters.keys()], engine: socket });
    return fleet;
  }

  private async add(name: string, secrets: SecretStore): Promise<void> {
    const [certificates] = await Promise.all([
      ensureAdminCertificates(secrets, name),
      ...(['operation', 'guard'] as const).map((purpose) => secrets.ensure(passwordRef(name, purpose))),
    ]);
    const own = (): SimulatedCluster => this.clusters.get(name) as SimulatedCluster;
    const members = Array.from(
      { length: membersEach },
      (_, index) => new SimulatedMember(own, () => own().cluster.members[index] ?? own().primary),
    );
    const ports = await Promise.all(members.map((member) => member.listen()));
    const adminPort = await startRouter(own, certificates);
    this.clusters.set(name, new SimulatedCluster(clusterAt(name, ports, adminPort), randomUUID()));
    if (members[0]) this.primaries.set(name, members[0]);
  }

  /** Kills, hangs or revives the primary of a cluster. */
  async primary(name: string, health: Health): Promise<number> {
    const cluster = this.clusters.get(name);
    const server = this.primaries.get(name);
    if (!cluster || !server) throw new Error(`no simulated cluster ${name}`);
    const before = cluster.healthOf(cluster.primary.name);
    const at = Date.now();
    cluster.becomes(cluster.primary.name, health);
    if (health === 'killed') {
      server.kill();
      this.engine?.died(cluster, cluster.primary.name);
    } else if (before === 'killed') await server.listen(cluster.primary.port);
    // What came while it hung was never answered: as a process that goes on after its connections were given up.
    else if (before === 'hangs') {
      server.kill();
      await server.listen(cluster.primary.port);
    }
    return at;
  }
}

const tell = (message: FromFleet): void => void process.send?.(message);

let fleet: Fleet | undefined;

async function obey(message: ToFleet): Promise<void> {
  if (message.kind === 'start') fleet = await Fleet.start(message.home, message.clusters);
  else if (message.kind === 'primary')
    tell({ kind: 'done', request: message.request, at: (await fleet?.primary(message.cluster, message.health)) ?? 0 });
  else {
    const { connections, statements, unknown } = counts;
    tell({
      kind: 'counts',
      request: message.request,
      counts: { connections, statements, handshakes: routerCounts.handshakes, unknown: Object.fromEntries(unknown) },
    });
  }
}

process.on('message', (message: ToFleet) => {
  obey(message).catch((error: unknown) => tell({ kind: 'broken', message: String((error as Error).stack ?? error) }));
});
process.on('disconnect', () => process.exit(0));
