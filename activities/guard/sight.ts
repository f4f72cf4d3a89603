import type { Facts } from '../../schemas/guard';
import type { MemberView, Observation } from '../../schemas/observation';
import type { ClusterState, Member } from '../../schemas/topology';

/** All that the rules look at, by role. */
export interface Sight {
  state: ClusterState;
  facts: Facts;
  primaryMember: Member;
  primary: MemberView;
  replicas: MemberView[];
  observation: Observation;
}
