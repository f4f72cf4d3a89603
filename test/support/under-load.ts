import { setTimeout as sleep } from 'node:timers/promises';

import { type Ledger, type LedgerOptions, type LedgerReport, type Verification } from '../../bench/ledger';
import type { ClusterState } from '../../schemas/topology';
import type { TestCluster } from './test-cluster';
import type { WitnessReport } from './witness';

export interface UnderLoad<Result> {
  before: ClusterState;
  after: ClusterState;
  result: Result;
  report: LedgerReport;
  witness: WitnessReport;
  /** What each member holds of what the writer was told. */
  members: Record<string, Verification>;
}

/**
 * Runs `work` while a writer writes through the router and a witness watches; then waits until all members follow the primary of
 * the end, and reads back on each of them.
 */
export async function underLoad<Result>(
  cluster: TestCluster,
  work: (ledger: Ledger, before: ClusterState) => Promise<Result>,
  options: Partial<LedgerOptions> & { convergeMs?: number } = {},
): Promise<UnderLoad<Result>> {
  const before = await cluster.untilConverged();
  const witness = await cluster.witness();
  const ledger = await cluster.ledger(options);
  try {
    await ledger.acknowledges(100);
    const result = await work(ledger, before);
    // Writes go on after the change: the new primary takes them.
    await ledger.acknowledges(100);
    await sleep(200);
    // Long enough for what piled up in the meantime, also on a busy machine.
    const { report } = await ledger.stop(30_000);
    const after = await cluster.untilConverged(options.convergeMs);
    const members: Record<string, Verification> = {};
    for (const { name } of cluster.cluster.members) members[name] = await verifyOn(cluster, ledger, after, name);
    return { before, after, result, report, witness: await witness.stop(), members };
  } finally {
    ledger.kill();
    await witness.stop();
  }
}

const appliesWithinMs = 10_000;

/** Replicas are given what they have not applied yet: the row count of the primary is waited for. */
export async function verifyOn(cluster: TestCluster, ledger: Ledger, state: ClusterState, member: string): Promise<Verification> {
  const count = async (name: string): Promise<number> => {
    const [row] = await cluster.ask<{ n: number }>(name, `SELECT COUNT(*) AS n FROM \`${ledger.database}\`.\`${ledger.table}\``);
    return Number(row?.n);
  };
  const all = await count(state.primary);
  // A backlog is waited for as long as it gets shorter.
  for (let best = -1, since = Date.now(); Date.now() - since < appliesWithinMs; await sleep(100)) {
    const now = await count(member);
    if (now >= all) break;
    if (now > best) [best, since] = [now, Date.now()];
  }
  return cluster.session(member, (session) => ledger.verify((sql) => session.query(sql)));
}

/** Everything that the promises about data forbid, found in a run; must be empty. */
export function brokenPromises({ members, witness, report }: Pick<UnderLoad<unknown>, 'members' | 'witness' | 'report'>): string[] {
  const broken: string[] = [];
  for (const [name, { lost, executedThoughFailed, duplicates, torn, strangers }] of Object.entries(members))
    for (const [what, writes] of Object.entries({ lost, executedThoughFailed, duplicates, torn, strangers }))
      if (writes.length > 0) broken.push(`${name}: ${what}: ${writes.slice(0, 10).join(', ')} (${writes.length})`);
  for (const { members: two, from, to } of witness.violations)
    broken.push(`${two.join(' and ')} were both writable for ${Math.round(to - from)} ms`);
  if (report.shed > 0) broken.push(`${report.shed} writes were not sent at all: too many were under way`);
  return broken;
}
