/** Every fault of the list on one kind of server: a writer of 200 writes/s through the router, all promises judged after each. */
import type { ClusterFile } from '../../../schemas/cluster';
import { faults } from '../../support/faults';
import { untilHealthy } from '../../support/guard-sight';
import { Scenario } from '../../support/scenario';
import { survive } from '../../support/survive';
import type { TestCluster } from '../../support/test-cluster';

export function describeFaults(which: Pick<ClusterFile, 'engine' | 'version'>): void {
  describe(`${which.engine} ${which.version} survives`, () => {
    let scenario: Scenario;
    let cluster: TestCluster;
    beforeAll(async () => {
      scenario = await Scenario.start();
      cluster = await scenario.createCluster(which);
    });
    afterAll(() => scenario?.stop());

    test.each(faults)('$name', async (fault) => {
      const { members, gapMs, convergedMs, epoch, broken } = await survive(scenario, cluster, fault);
      process.stdout.write(
        `${fault.name} (${members.join(', ') || 'nobody'}): gap ${Math.round(gapMs)} ms, converged after ${Math.round(convergedMs)} ms\n`,
      );
      expect(broken).toEqual([]);
      expect((await untilHealthy(scenario, cluster)).state.epoch).toBe(epoch);
    });
  });
}
