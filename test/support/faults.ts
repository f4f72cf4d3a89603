/**
 * The faults that a cluster has to survive, each with what drydock owes: how often the primary changes, and what the guard names. A test
 * runs each of them on each kind of server; the soak runs them in any order, again and again. Every fault undoes what does not heal by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Ledger } from '../../bench/ledger';
import type { Diagnosis } from '../../schemas/guard';
import { guardId, unplannedPivotId } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import type { GuardSight } from './guard-sight';
import { hostAddressFor, whileDeaf, whileUnplugged } from './network-fault';
import { leaveTransactionOpen } from './open-transaction';
import type { Scenario } from './scenario';
import { type TestCluster, until } from './test-cluster';

/** Where a fault strikes. */
export interface Stage {
  scenario: Scenario;
  cluster: TestCluster;
  ledger: Ledger;
  sight: GuardSight;
  before: ClusterState;
  /** Of the state before, in the order in which the fault takes them. */
  replicas: [string, string];
}

export interface Fault {
  /** Names the test; the soak prints it. */
  name: string;
  /** By how much the epoch grows: one for each change of the primary. 0: a pivot must not happen. */
  epochs: number;
  /** What the guard must name meanwhile. */
  names: Diagnosis[];
  /** Ends when clients are served again. Answers which members it has hurt. */
  strike(stage: Stage): Promise<string[]>;
}

/** Longer than any bound of the guard for a loss: what has not begun by then does not come. */
const wouldHavePivotedMs = 6000;
/** A held pivot waits for members that are started, and a server that recovers. */
const slowMs = 100_000;

const kill = (cluster: TestCluster, ...members: string[]): Promise<unknown> =>
  Promise.all(members.map((name) => cluster.container(name).kill()));

async function primaryKilled({ cluster, before: { primary, epoch } }: Stage): Promise<string[]> {
  await kill(cluster, primary);
  await cluster.untilEpoch(epoch + 1);
  return [primary];
}

async function primaryKilledAndStarted({ cluster, before: { primary, epoch } }: Stage): Promise<string[]> {
  await kill(cluster, primary);
  await cluster.container(primary).start();
  await cluster.untilEpoch(epoch + 1);
  return [primary];
}

async function primaryHung({ cluster, before: { primary, epoch } }: Stage): Promise<string[]> {
  const container = cluster.container(primary);
  await container.pause();
  try {
    await cluster.untilEpoch(epoch + 1);
  } finally {
    // The pivot stops what it left behind, so it may be too late to wake it.
    await container.unpause().catch(() => undefined);
  }
  return [primary];
}

async function primaryIsolated({ scenario, cluster, before: { primary, epoch } }: Stage): Promise<string[]> {
  await whileUnplugged(scenario.engine, cluster.plug(primary), () => cluster.untilEpoch(epoch + 1));
  return [primary];
}

async function primaryIsolatedFromReplicas(stage: Stage): Promise<string[]> {
  const { cluster, before, replicas, sight } = stage;
  const addresses = replicas.map((name) => cluster.member(name).address);
  await whileDeaf([{ container: cluster.plug(before.primary), addresses }], async () => {
    await sight.untilNamed('NoAcknowledger');
    await writesWait(stage);
  });
  await servesAgain(stage);
  return [before.primary];
}

async function oneAcknowledgerDown({ cluster, ledger, replicas: [replica] }: Stage): Promise<string[]> {
  await kill(cluster, replica);
  await ledger.acknowledges(200, 10_000);
  return [replica];
}

async function allAcknowledgersDown(stage: Stage): Promise<string[]> {
  await kill(stage.cluster, ...stage.replicas);
  await stage.sight.untilNamed('NoAcknowledger');
  await servesAgain(stage);
  return stage.replicas;
}

/** Nobody starts a container that somebody has paused, so the writes wait for as long as it lasts. */
async function allAcknowledgersHung(stage: Stage): Promise<string[]> {
  const containers = stage.replicas.map((name) => stage.cluster.container(name));
  try {
    for (const container of containers) await container.pause();
    await stage.sight.untilNamed('NoAcknowledger');
    await writesWait(stage);
    await containers[0]?.unpause();
    await servesAgain(stage);
  } finally {
    for (const container of containers) await container.unpause().catch(() => undefined);
  }
  return stage.replicas;
}

async function observerCutOff(stage: Stage): Promise<string[]> {
  const { cluster, ledger, sight } = stage;
  const deaf = await Promise.all(
    cluster.cluster.members.map(async ({ name }) => {
      const container = cluster.plug(name);
      return { container, addresses: [await hostAddressFor(container)] };
    }),
  );
  await whileDeaf(deaf, async () => {
    await sight.untilNamed('NoQuorumOfSight');
    const began = Date.now();
    await ledger.acknowledges(300, 30_000);
    await sleep(Math.max(0, wouldHavePivotedMs - (Date.now() - began)));
  });
  return [];
}

async function primaryAndReplicaKilled({ cluster, before: { primary, epoch }, replicas: [replica] }: Stage): Promise<string[]> {
  await kill(cluster, primary, replica);
  await cluster.untilEpoch(epoch + 1, slowMs);
  return [primary, replica];
}

/** Its relay log may be the only place but the primary's disk where an acknowledged write is. */
async function acknowledgerThenPrimaryKilled({ cluster, before: { primary, epoch }, replicas: [replica] }: Stage): Promise<string[]> {
  await kill(cluster, replica);
  await sleep(200);
  await kill(cluster, primary);
  await cluster.untilEpoch(epoch + 1, slowMs);
  return [replica, primary];
}

/** A lock on the writer's table keeps the candidate from applying what it received, so that it can be killed before it is opened. */
async function candidateKilled({ scenario, cluster, ledger, before, replicas }: Stage): Promise<string[]> {
  const ends: (() => void)[] = [];
  const locks = replicas.map(
    (name) =>
      new Promise<void>((locked, failed) => {
        void cluster
          .session(name, async (session) => {
            await session.query(`LOCK TABLES \`${ledger.database}\`.\`${ledger.table}\` READ`);
            locked();
            await new Promise<void>((end) => ends.push(end));
          })
          .catch(failed);
      }),
  );
  try {
    await Promise.all(locks);
    await kill(cluster, before.primary);
    const pivot = unplannedPivotId(cluster.name, before.epoch + 1);
    const candidate = await until('a candidate', 20_000, async () => {
      const { progress } = await scenario.drydock.show(pivot);
      const step = (name: string) => progress?.steps.find((each) => each.name === name);
      const chosen = replicas.find((name) => step('decide who is promoted')?.detail?.includes(`→ ${name},`));
      return step('switch the primary')?.state === 'running' && chosen ? { name: chosen } : 'nobody is promoted yet';
    });
    await kill(cluster, candidate.name);
    for (const end of ends) end();
    await cluster.untilEpoch(before.epoch + 1, slowMs);
    return [before.primary, candidate.name];
  } finally {
    for (const end of ends) end();
  }
}

/**
 * The routers hold when it dies, and nothing is fenced yet: the old primary goes on. It does so two epochs later, since the next one may
 * be in the journal of the member that died, for all that anybody can know.
 */
async function candidateOfPlannedPivotKilled({ scenario, cluster, before, replicas: [candidate] }: Stage): Promise<string[]> {
  const { end } = await leaveTransactionOpen(cluster);
  try {
    const order = { cluster: cluster.name, to: candidate, transactionBoundMs: 1000, proof: false };
    const id = await scenario.drydock.start('pivot', order);
    await scenario.untilProgress(id, ({ phase }) => phase === 'switching');
    await sleep(300);
    await kill(cluster, candidate);
    const { code, message } = await scenario.failureOf(id);
    if (code !== 'SwitchFailed') throw new Error(`${id} failed with ${code}: ${message}; expected SwitchFailed`);
    const { primary } = await cluster.state();
    if (primary !== before.primary) throw new Error(`${id} failed, but ${primary} is the primary, not ${before.primary} as before`);
  } finally {
    end();
  }
  return [candidate];
}

async function flapping(stage: Stage): Promise<string[]> {
  const { scenario, cluster, before, sight } = stage;
  const hurt: string[] = [];
  for (let loss = 1; loss <= 3; loss++) {
    const { primary, epoch } = await cluster.untilConverged();
    hurt.push(primary);
    await kill(cluster, primary);
    if (loss < 3) await cluster.untilEpoch(epoch + 1);
  }
  await sight.untilNamed('Flapping');
  await sleep(wouldHavePivotedMs);
  const { epoch } = await cluster.state();
  if (epoch !== before.epoch + 2) throw new Error(`the guard holds for a person, but the epoch went from ${before.epoch} to ${epoch}`);
  await scenario.drydock.control(guardId(cluster.name), 'resume', { by: 'test' });
  await cluster.untilEpoch(before.epoch + 3);
  return hurt;
}

async function temporalKilled({ scenario, cluster, before: { primary, epoch } }: Stage): Promise<string[]> {
  await Promise.all([scenario.platform.temporal.kill(), kill(cluster, primary)]);
  await sleep(2000);
  await scenario.platform.temporal.start();
  await cluster.untilEpoch(epoch + 1, 60_000);
  return [primary];
}

async function workersKilled({ scenario, cluster, before: { primary, epoch } }: Stage): Promise<string[]> {
  for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
  await kill(cluster, primary);
  await scenario.platform.startWorker();
  await cluster.untilEpoch(epoch + 1, 60_000);
  return [primary];
}

export const faults: Fault[] = [
  { name: 'the primary is killed', epochs: 1, names: [], strike: primaryKilled },
  { name: 'the primary is killed and started again at once', epochs: 1, names: [], strike: primaryKilledAndStarted },
  { name: 'the primary hangs', epochs: 1, names: [], strike: primaryHung },
  { name: 'the primary is isolated from all', epochs: 1, names: [], strike: primaryIsolated },
  { name: 'the primary is isolated from its replicas', epochs: 0, names: ['NoAcknowledger'], strike: primaryIsolatedFromReplicas },
  { name: 'an acknowledger is down', epochs: 0, names: ['ReplicaDown'], strike: oneAcknowledgerDown },
  { name: 'all acknowledgers are down', epochs: 0, names: ['NoAcknowledger'], strike: allAcknowledgersDown },
  { name: 'all acknowledgers hang', epochs: 0, names: ['NoAcknowledger'], strike: allAcknowledgersHung },
  { name: 'the observer is cut off', epochs: 0, names: ['NoQuorumOfSight'], strike: observerCutOff },
  { name: 'the primary and a replica are killed', epochs: 1, names: [], strike: primaryAndReplicaKilled },
  { name: 'an acknowledger is killed, then the primary', epochs: 1, names: [], strike: acknowledgerThenPrimaryKilled },
  { name: 'the candidate is killed in an unplanned pivot', epochs: 1, names: [], strike: candidateKilled },
  { name: 'the candidate is killed in a planned pivot', epochs: 2, names: [], strike: candidateOfPlannedPivotKilled },
  { name: 'the primary is lost three times', epochs: 3, names: ['Flapping'], strike: flapping },
  { name: 'Temporal is killed while the primary dies', epochs: 1, names: [], strike: temporalKilled },
  { name: 'every worker is killed while the primary dies', epochs: 1, names: [], strike: workersKilled },
];

/** For long enough that a guard which is wrong would have changed the primary. What was on its way may still be acknowledged at first. */
async function writesWait({ ledger, cluster, before }: Stage): Promise<void> {
  await sleep(500);
  const { acknowledged } = ledger.live();
  await sleep(wouldHavePivotedMs);
  const now = ledger.live().acknowledged;
  if (now !== acknowledged) throw new Error(`${now - acknowledged} writes were acknowledged though nobody could give a receipt`);
  const { epoch } = await cluster.state();
  if (epoch !== before.epoch) throw new Error(`the epoch went from ${before.epoch} to ${epoch}`);
}

const servesAgain = ({ ledger }: Stage): Promise<void> => ledger.acknowledges(20, 60_000);
