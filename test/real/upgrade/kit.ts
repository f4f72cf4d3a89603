import type { Progress } from '../../../schemas/operation';
import type { UpgradeResult } from '../../../schemas/upgrade';
import type { Ledger, Verification } from '../../../bench/ledger';
import type { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, verifyOn } from '../../support/under-load';

/** What was not seen before is taken on: here it is seen. */
export const takenOn = { step: 'preflight', accept: [{ check: 'CutOverUnseen' }] };

export type Upgraded = UpgradeResult & { progress: Progress };

/** Until an operation waits at this gate. */
export const untilGate = (scenario: Scenario, id: string, gate: string, timeoutMs = 200_000): Promise<Progress> =>
  scenario.untilProgress(id, ({ waitsFor }) => waitsFor?.gate === gate, timeoutMs);

export const untilStep = (scenario: Scenario, id: string, step: string, timeoutMs = 200_000): Promise<Progress> =>
  scenario.untilProgress(id, ({ steps }) => steps.some(({ name, state }) => name === step && state === 'running'), timeoutMs);

/** What every member that there is now holds of what a writer was told; must be empty. The writer has ended. */
export async function brokenOn(
  cluster: TestCluster,
  ledger: Ledger,
  report: Parameters<typeof brokenPromises>[0]['report'],
): Promise<string[]> {
  const state = await cluster.untilConverged();
  const members: Record<string, Verification> = {};
  for (const { name } of cluster.cluster.members) members[name] = await verifyOn(cluster, ledger, state, name);
  return brokenPromises({ members, report, witness: { violations: [] } as never });
}

/** Containers and volumes of these members. */
export async function objectsOf(scenario: Scenario, cluster: TestCluster, numbers: number[]): Promise<string[]> {
  const names = numbers.map((number) => `.${cluster.name}.${cluster.name}-${number}`);
  const its = (object: string): boolean => names.some((name) => object.endsWith(name) || object.includes(`${name}.`));
  const containers = (await scenario.engine.listContainers({ all: true })).flatMap(({ Names }) => Names);
  const { Volumes } = await scenario.engine.listVolumes();
  return [...containers, ...Volumes.map(({ Name }) => Name)].filter((object) => object.includes(scenario.platform.instance) && its(object));
}
