import { sleep } from '@temporalio/workflow';

import { withStanding } from '../../schemas/generations';
import { latestRow } from '../../schemas/journal';
import type { Observation } from '../../schemas/observation';
import type { Expectation } from '../../schemas/operation';
import type { Cluster, ClusterState } from '../../schemas/topology';
import { codeOf, failure, summarised, work } from '../operation';
import { unmetExpectations } from './plan';

export interface Look {
  state: ClusterState;
  observation: Observation;
}

/** Everything that decisions need, read from reality: engines, servers, routers, journal. */
export async function lookAtCluster(name: string): Promise<Look> {
  const cluster = await summarised(work.describeCluster, `what exists of ${name}`)(name);
  if (!cluster) throw failure('UnknownCluster', `no cluster ${name}`);
  const [observed, routers] = await Promise.all([
    summarised(work.observeCluster, `what the members of ${name} say`)(cluster),
    summarised(work.viewRouters, `what the routers of ${name} say`)(cluster),
  ]);
  const observation = { ...observed, routers };
  return { state: stateOf(cluster, observation), observation };
}

/** Looks again until members answer: in the middle of a pivot a moment without an answer must not end it. Fails after a minute. */
export async function lookUntilSeen(name: string): Promise<Look> {
  for (let tries = 1; ; tries++) {
    try {
      return await lookAtCluster(name);
    } catch (error) {
      if (codeOf(error) !== 'MemberUnreachable' || tries >= MOST_LOOKS) throw error;
      await sleep('1s', { summary: 'until members answer' });
    }
  }
}

const MOST_LOOKS = 60;

/** Who is primary in which epoch. */
export function stateOf(cluster: Cluster, observation: Observation): ClusterState {
  const latest = latestRow(observation.members.flatMap(({ journal }) => journal ?? []));
  if (!latest) {
    const members = observation.members.map((view) => `${view.name} ${view.error ?? view.reach}`).join('; ');
    throw failure('MemberUnreachable', `no member of ${cluster.definition.name} could be asked who is primary: ${members}`);
  }
  // A plan that does not know the primary is older than the change which made that a member (docs/members.md).
  if (!cluster.members.some(({ name }) => name === latest.primary))
    throw failure('MemberUnreachable', `the plan that was found of ${cluster.definition.name} does not know its primary ${latest.primary}`);
  return withStanding({ ...cluster, epoch: latest.epoch, primary: latest.primary });
}

/** Throws ExpectationFailed with everything that is not as the operation's input says. */
export function refuseUnexpected(state: ClusterState, expect: Expectation | undefined): void {
  const unmet = unmetExpectations(state, expect);
  if (unmet.length > 0) throw failure('ExpectationFailed', 'the cluster is not what was expected', unmet);
}
