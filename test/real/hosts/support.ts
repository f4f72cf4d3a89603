import { openRouter } from '../../../activities/router';
import type { RouterView } from '../../../schemas/observation';
import type { Router } from '../../../schemas/topology';
import { Scenario } from '../../support/scenario';
import { searchForSecrets, secretsIn } from '../../support/secret-search';
import type { TestCluster } from '../../support/test-cluster';
import { TestHosts } from '../../support/test-hosts';

/** An installation whose inventory names hosts of the test, and no local engine. */
export class HostScenario {
  private constructor(
    readonly hosts: TestHosts,
    readonly scenario: Scenario,
  ) {}

  static async start(names: string[]): Promise<HostScenario> {
    const hosts = await TestHosts.start(names);
    process.env['DRYDOCK_INVENTORY'] = hosts.inventory;
    try {
      return new HostScenario(hosts, await Scenario.start());
    } catch (error) {
      await hosts.stop();
      throw error;
    }
  }

  /** The host of a member. */
  hostOf(cluster: TestCluster, member: string): string {
    return cluster.member(member).host;
  }

  routerOn(cluster: TestCluster, host: string): Router {
    const found = cluster.cluster.routers.find((router) => router.host === host);
    if (!found) throw new Error(`no router of ${cluster.name} on host ${host}`);
    return found;
  }

  async view(cluster: TestCluster, router: Router): Promise<RouterView> {
    const admin = await openRouter(this.scenario.environment, cluster.cluster, router, { timeoutMs: 1000 });
    try {
      return await admin.view();
    } finally {
      admin.end();
    }
  }

  /** Where a secret in use was found, on the hosts; must be empty. The scenario's own search is of the local engine. */
  async secretsFound(): Promise<string[]> {
    const { platform, temporal } = this.scenario;
    const secrets = await secretsIn(platform.home.secrets);
    const places = { secrets, logs: platform.home.logs, temporal, instance: platform.instance, processes: [] };
    const found = await Promise.all(this.hosts.hosts.map(({ engine }) => searchForSecrets({ ...places, engine })));
    return found.flat();
  }

  async stop(): Promise<void> {
    delete process.env['DRYDOCK_INVENTORY'];
    try {
      await this.scenario.stop();
    } finally {
      await this.hosts.stop();
    }
  }
}
