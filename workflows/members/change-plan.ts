import { withStanding } from '../../schemas/generations';
import type { Cluster, ClusterState } from '../../schemas/topology';
import { failure, type Operation, summarised, work } from '../operation';
import { signalGuard } from '../pivot/guard-signals';

/** Hosts that do not answer are waited for so long. */
const bound = { scheduleToCloseTimeout: '2 minutes' } as const;

/**
 * How the cluster's plan changes, from what is written down now; then the guard knows, in that order, so that one which begins meanwhile reads what is true.
 * Answers the state with the plan that was written. Nothing is written when `change` answers nothing.
 */
export async function changePlan(
  op: Pick<Operation<unknown>, 'id' | 'warn'>,
  state: ClusterState,
  change: (present: Cluster) => Cluster | undefined,
): Promise<ClusterState> {
  const { name } = state.definition;
  const present = await summarised(work.describeCluster, `what exists of ${name}`, bound)(name);
  if (!present) throw failure('UnknownCluster', `cluster ${name} does not exist any more`);
  const { epoch, primary } = state;
  const plan = change(present);
  if (!plan) return withStanding({ ...present, epoch, primary });
  const { missing } = await summarised(work.recordPlan, `write down change ${plan.revision} of ${name}`, bound)(op.id, plan);
  if (missing.length > 0)
    op.warn(`${missing.join(', ')} did not hear of the change: what the other hosts say is true, so one of them must be reached with it`);
  await signalGuard(name, 'planChanged', plan);
  return withStanding({ ...plan, epoch, primary });
}
