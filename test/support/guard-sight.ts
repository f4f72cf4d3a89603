import { setTimeout as sleep } from 'node:timers/promises';

import type { Diagnosis, GuardView } from '../../schemas/guard';
import { guardId } from '../../schemas/names';
import type { Scenario } from './scenario';
import { type TestCluster, until } from './test-cluster';

/** Findings that stand for a second must not be missed. */
const everyMs = 150;

export const guardView = (scenario: Scenario, cluster: TestCluster): Promise<GuardView> =>
  scenario.temporal.workflow.getHandle(guardId(cluster.name)).query<GuardView>('cluster');

/** The guard has nothing to say, and watches. */
export async function untilHealthy(scenario: Scenario, cluster: TestCluster, timeoutMs = 90_000): Promise<GuardView> {
  return until('a healthy cluster in the guard’s eyes', timeoutMs, async () => {
    const seen = await guardView(scenario, cluster);
    if (seen.findings.length === 0 && seen.guard === 'watching') return seen;
    return seen.findings.map(({ diagnosis, detail }) => `${diagnosis}: ${detail}`).join('; ') || `it is ${seen.guard}`;
  });
}

/** Everything that the guard of a cluster has named since this was made. */
export class GuardSight {
  private readonly named = new Set<Diagnosis>();
  private over = false;

  constructor(
    private readonly scenario: Scenario,
    private readonly cluster: TestCluster,
  ) {
    void this.look();
  }

  get diagnoses(): Diagnosis[] {
    return [...this.named];
  }

  /** Waits until it has named this. */
  async untilNamed(diagnosis: Diagnosis, timeoutMs = 30_000): Promise<void> {
    await until(`finding ${diagnosis}`, timeoutMs, () =>
      Promise.resolve(this.named.has(diagnosis) ? {} : this.diagnoses.join(', ') || 'nothing'),
    );
  }

  stop(): void {
    this.over = true;
  }

  /** Without Temporal, or without a worker, nobody answers: nothing is named then. */
  private async look(): Promise<void> {
    while (!this.over) {
      const seen = await guardView(this.scenario, this.cluster).catch(() => undefined);
      for (const { diagnosis } of seen?.findings ?? []) this.named.add(diagnosis);
      await sleep(everyMs);
    }
  }
}
