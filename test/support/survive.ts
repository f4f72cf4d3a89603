import { type Fault, type Stage } from './faults';
import { GuardSight, untilHealthy } from './guard-sight';
import type { Scenario } from './scenario';
import type { TestCluster } from './test-cluster';
import { brokenPromises, underLoad } from './under-load';

export interface Survived {
  /** Members that were hurt. */
  members: string[];
  /** Longest time without an acknowledged write. */
  gapMs: number;
  epoch: number;
  /** From the end of the fault until every member followed the primary again. */
  convergedMs: number;
  /** What was promised and not kept; must be empty. */
  broken: string[];
}

/** After each fault of the list: anchors of the design, "converged within 2 min". */
const convergeMs = 120_000;
/** Of 200 writes/s that wait for as long as a fault lasts, none may be given up. */
const maxInFlight = 60_000;

/**
 * Lets a fault strike a healthy cluster while a writer writes, and judges what it did to the promises. `replicas` of the primary are
 * taken in the order that `order` gives them.
 */
export async function survive(
  scenario: Scenario,
  cluster: TestCluster,
  fault: Fault,
  order: (replicas: string[]) => string[] = (replicas) => replicas,
): Promise<Survived> {
  await cluster.untilConverged(convergeMs);
  await untilHealthy(scenario, cluster);
  // Losses of the faults before are no flapping: a person knows of them.
  await scenario.forgetPivots(cluster);
  const sight = new GuardSight(scenario, cluster);
  try {
    const run = await underLoad(
      cluster,
      async (ledger, before) => {
        const [first = '', second = ''] = order(before.members.map(({ name }) => name).filter((name) => name !== before.primary));
        const stage: Stage = { scenario, cluster, ledger, sight, before, replicas: [first, second] };
        const members = await fault.strike(stage);
        const endedAt = performance.now();
        // Measured beside the load, since that goes on.
        const converged = cluster.untilConverged(convergeMs).then(() => performance.now() - endedAt);
        return { members, convergedMs: await converged };
      },
      { maxInFlight, convergeMs },
    );
    const { epoch } = run.after;
    const broken = [...brokenPromises(run), ...misjudged(fault, epoch - run.before.epoch, sight)];
    // Who changed the primary, and why.
    if (epoch - run.before.epoch !== fault.epochs)
      broken.push(...(await cluster.journal()).filter((row) => row.epoch >= run.before.epoch).map((row) => JSON.stringify(row)));
    return { ...run.result, gapMs: run.report.gap.ms, epoch, broken };
  } finally {
    sight.stop();
  }
}

function misjudged(fault: Fault, epochs: number, sight: GuardSight): string[] {
  const missing = fault.names.filter((name) => !sight.diagnoses.includes(name));
  return [
    ...(epochs === fault.epochs ? [] : [`the epoch grew by ${epochs}, expected ${fault.epochs}`]),
    ...missing.map((name) => `the guard did not name ${name}, but ${sight.diagnoses.join(', ') || 'nothing'}`),
  ];
}
