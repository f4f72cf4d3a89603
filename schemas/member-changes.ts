/** Results of addMember, removeMember and replaceMember. Plain types. */

export interface MemberPlace {
  name: string;
  host: string;
  serverId: number;
}

/** Answer of the three operations; of a dry run what would be done. */
export interface MemberChange {
  cluster: string;
  epoch: number;
  primary: string;
  added?: MemberPlace;
  /** Whose data it was, or would be, copied from. */
  donor?: string;
  removed?: string;
  /** What was kept of the member that was taken out: volumes, or a host that can not be asked any more. */
  kept: string[];
  /** Those whose receipt counts afterwards (semi-sync). */
  acknowledgers: string[];
  /** Id of the proof of equality, when one was started. */
  proof?: string;
}
