import { CancellationScope, continueAsNew, sleep, setCurrentDetails, workflowInfo } from '@temporalio/workflow';

import type { GuardMemory } from '../../schemas/guard';
import type { GuardClusterInput } from '../../schemas/inputs';
import { clusterTarget, guardId } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import { contract, failure, publish, summarised, work } from '../operation';
import { listenTo, type Slot, stop } from './handlers';
import { Keeper } from './keeper';
import { lookAtJournal } from './look';
import { newMemory } from './memory';

export interface GuardResult {
  cluster: string;
  epoch: number;
  primary: string;
}

/**
 * Watches one cluster until it is told to stop (docs/guard.md). Everything that it remembers goes through continue-as-new as
 * plain JSON; who is primary is read from the journal inside the cluster when it begins.
 */
export async function guardCluster(raw: unknown): Promise<GuardResult> {
  const slot: Slot = { early: [], stopped: false };
  listenTo(slot);
  // Cancelling the workflow means stop: heals and holds are ended in order.
  CancellationScope.current().cancelRequested.catch(() => stop(slot));
  return CancellationScope.nonCancellable(() => guard(raw, slot));
}

async function guard(raw: unknown, slot: Slot): Promise<GuardResult> {
  const input = (await summarised(contract.validateInput, 'validate the input of guardCluster')(
    'guardCluster',
    raw ?? null,
  )) as GuardClusterInput;
  const { cluster, maxPivots, flapWindowSeconds } = input;
  // An earlier run that was terminated in the middle of a heal holds the cluster in our name. Nothing happens when it does not.
  if (!input.carried)
    await summarised(contract.releaseHold, 'give back what an earlier run held')(clusterTarget(cluster), guardId(cluster));
  const memory = (input.carried as GuardMemory | undefined) ?? newMemory(await firstLook(cluster, () => slot.stopped));
  const keeper = new Keeper(memory, { maxPivots, flapWindowSeconds });
  slot.keeper = keeper;
  for (const deed of slot.early) deed(keeper);
  if (slot.stopped) keeper.stop();
  const end = await keeper.run();
  // A fault that comes back at once must not fill the server with runs.
  if (keeper.faulty) await sleep('2s', { summary: 'after a fault of its own' });
  if (end === 'renew' && !slot.stopped) await continueAsNew<typeof guardCluster>({ ...input, carried: keeper.memory });
  publish({ phase: 'done' });
  const { state } = keeper.memory;
  return { cluster, epoch: state.epoch, primary: state.primary };
}

/** Waits until a member answers and says who is primary. A cluster that does not exist ends it at once. */
async function firstLook(cluster: string, stopped: () => boolean): Promise<ClusterState> {
  publish({ operation: 'guardCluster', target: clusterTarget(cluster), phase: 'starting' });
  for (;;) {
    const seen = await lookAtJournal(cluster);
    if (seen) return seen;
    if (stopped()) throw failure('Aborted', `the guard of ${cluster} was stopped before any member answered`);
    if (!(await work.describeCluster(cluster))) throw failure('UnknownCluster', `no cluster ${cluster}`);
    setCurrentDetails(
      `### Guard of ${cluster}\n\n**NoQuorumOfSight**: no member answers yet that knows who is primary. Run ${workflowInfo().runId}.`,
    );
    await sleep('5s', { summary: 'until a member answers' });
  }
}
