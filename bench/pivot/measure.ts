import { setTimeout as sleep } from 'node:timers/promises';

import { guardId, unplannedPivotId } from '../../schemas/names';
import type { PivotResult, TimedStep } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import type { Scenario } from '../../test/support/scenario';
import type { TestCluster } from '../../test/support/test-cluster';
import { Hands } from '../floor/hands';
import { killed } from '../floor/killed';
import { planned } from '../floor/planned';
import type { Sample } from './cases';
import type { Collector } from './collector';
import { type Part, partsOfTrace } from './where';

type Wanted = Pick<Sample, 'kind' | 'durability' | 'who' | 'run'>;

/** What a pivot was, whoever made it. */
interface Made {
  to: string;
  movedMs: number;
  convergedMs: number;
  steps: TimedStep[];
  parts: Part[];
}

/** Writes before the pivot, so that everything is warm, and after it. */
const writesBefore = 400;
const writesAfter = 200;
/** A killed member may have to be built anew before the next run. */
const healMs = 300_000;

/** One pivot under load, from a healthy cluster to a healthy cluster. */
export async function measure(scenario: Scenario, collector: Collector, cluster: TestCluster, wanted: Wanted): Promise<Sample> {
  const before = await quiet(scenario, cluster);
  if (wanted.who === 'floor') await signalGuard(scenario, cluster, 'maintenance', { on: true });
  const hands = wanted.who === 'floor' ? await Hands.open(scenario.environment, before) : undefined;
  const ledger = await cluster.ledger({ seed: wanted.run, ratePerSecond: 200, pool: 8 });
  try {
    await ledger.acknowledges(writesBefore);
    const made = await make(scenario, collector, cluster, before, wanted, hands);
    await ledger.acknowledges(writesAfter, 60_000);
    const { report } = await ledger.stop();
    const verification = await cluster.session(made.to, (session) => ledger.verify((sql) => session.query(sql)));
    return {
      ...wanted,
      from: before.primary,
      to: made.to,
      longestWriteMs: report.longestWriteMs,
      longestWithRetryMs: report.longestWithRetryMs,
      gapMs: report.gap.ms,
      medianWriteMs: report.medianWriteMs,
      rawErrors: report.rawErrors,
      rawErrorCount: report.rawErrorCount,
      errorsAfterRetry: report.errorsAfterRetry ?? 0,
      executedDespiteError: verification.executedThoughFailed.length + verification.unknownPresent,
      acknowledged: verification.acknowledged,
      lost: verification.lost.length,
      movedMs: made.movedMs,
      convergedMs: made.convergedMs,
      steps: made.steps,
      parts: made.parts,
    };
  } finally {
    ledger.kill();
    hands?.end();
    await handBack(scenario, cluster, wanted);
  }
}

function make(
  scenario: Scenario,
  collector: Collector,
  cluster: TestCluster,
  before: ClusterState,
  wanted: Wanted,
  hands?: Hands,
): Promise<Made> {
  if (hands) return wanted.kind === 'planned' ? floorPlanned(hands, before) : floorKilled(hands, scenario);
  return wanted.kind === 'planned' ? enginePlanned(scenario, collector, cluster) : engineKilled(scenario, collector, cluster, before);
}

async function floorPlanned(hands: Hands, before: ClusterState): Promise<Made> {
  const to = hands.replicas[before.epoch % hands.replicas.length]?.member.name ?? '';
  const startedAt = now();
  const { rest } = await planned(hands, to);
  const movedMs = since(startedAt);
  await rest();
  return { to, movedMs, convergedMs: since(startedAt), steps: hands.steps, parts: [] };
}

async function floorKilled(hands: Hands, scenario: Scenario): Promise<Made> {
  const { to, killedAt, rest } = await killed(hands, scenario.engine);
  const movedMs = since(killedAt);
  await rest();
  return { to, movedMs, convergedMs: since(killedAt), steps: hands.steps, parts: [] };
}

async function enginePlanned(scenario: Scenario, collector: Collector, cluster: TestCluster): Promise<Made> {
  const startedAt = now();
  const id = await scenario.drydock.start('pivot', { cluster: cluster.name, proof: false, reason: 'bench' });
  return engineMade(scenario, collector, id, startedAt);
}

async function engineKilled(scenario: Scenario, collector: Collector, cluster: TestCluster, before: ClusterState): Promise<Made> {
  const startedAt = now();
  await cluster.container(before.primary).kill();
  await cluster.untilEpoch(before.epoch + 1, 60_000);
  return engineMade(scenario, collector, unplannedPivotId(cluster.name, before.epoch + 1), startedAt);
}

async function engineMade(scenario: Scenario, collector: Collector, id: string, startedAt: number): Promise<Made> {
  const result = await scenario.drydock.result<PivotResult>(id);
  const convergedMs = since(startedAt);
  const { progress } = await scenario.drydock.show(id);
  const { runId } = await scenario.temporal.workflow.getHandle(id).describe();
  const moved = progress?.steps.find(({ name }) => name === 'switch the primary')?.endedAt;
  return {
    to: result.to,
    movedMs: moved ? Math.round(Date.parse(moved) - startedAt) : convergedMs,
    convergedMs,
    steps: result.switch.steps,
    parts: partsOfTrace(await collector.trace(runId), runId, startedAt),
  };
}

/** Everybody follows, and the guard has nothing to say. */
async function quiet(scenario: Scenario, cluster: TestCluster): Promise<ClusterState> {
  for (const deadline = Date.now() + healMs; ; await sleep(500)) {
    const state = await cluster.untilConverged(healMs);
    // A guard that has just begun has not seen the cluster yet, and says so.
    const view = await scenario.drydock.cluster(cluster.name).catch(() => undefined);
    if (view?.findings.length === 0 && view.epoch === state.epoch) {
      // What the last run left behind (restarted replication, page cache) settles.
      await sleep(1000);
      return state;
    }
    if (Date.now() > deadline) throw new Error(`the cluster does not become quiet: ${JSON.stringify(view?.findings)}`);
  }
}

/** The guard takes over again: it learns of the floor's change, and a third death within its window does not hold it. */
async function handBack(scenario: Scenario, cluster: TestCluster, wanted: Wanted): Promise<void> {
  if (wanted.who === 'floor') {
    const { epoch, primary } = await cluster.state();
    await signalGuard(scenario, cluster, 'clusterChanged', { epoch, primary });
    await signalGuard(scenario, cluster, 'maintenance', { on: false });
  }
  if (wanted.kind === 'killed') await scenario.forgetPivots(cluster);
}

async function signalGuard(scenario: Scenario, cluster: TestCluster, signal: string, argument: unknown): Promise<void> {
  await scenario.temporal.workflow.getHandle(guardId(cluster.name)).signal(signal, argument);
}

const now = (): number => performance.timeOrigin + performance.now();
const since = (startedAt: number): number => Math.round((now() - startedAt) * 10) / 10;
