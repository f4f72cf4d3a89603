import { upsertMemo, workflowInfo } from '@temporalio/workflow';

export interface PublishedTopology {
  epoch: number;
  primary: string;
}

/** Kept as the memo `topology` of the guard, so that one listing tells of all clusters which of them has changed. Each write is an event. */
export function publishTopology(topology: PublishedTopology): void {
  const known = workflowInfo().memo?.['topology'] as Partial<PublishedTopology> | undefined;
  if (known?.epoch !== topology.epoch || known.primary !== topology.primary) upsertMemo({ topology });
}
