/** Maintenance: somebody works on the cluster, so the guard watches, reports and starts nothing. Pure. */
import type { GuardMemory } from '../../schemas/guard';

export interface MaintenanceRequest {
  on: boolean;
  /** ISO time. */
  until?: string;
  by: string;
  reason: string;
}

/** A bound that is seen later than this ran out while drydock or Temporal was away. */
const lateMs = 15_000;

export const underMaintenance = ({ maintenance }: GuardMemory, now: string): boolean =>
  maintenance !== undefined &&
  (maintenance.overdue === true || maintenance.until === undefined || Date.parse(now) < Date.parse(maintenance.until));

/** Why it can not be done now; undefined when it can. */
export function refusalOfMaintenance(memory: GuardMemory, request: MaintenanceRequest | undefined, now: string): string | undefined {
  if (!request) return 'it wants {"on": true or false, "until"?: an ISO time, "by"?, "reason"?}';
  // Also one whose time ran out while nobody was there to end it: whoever said off meanwhile is heard before it is looked at.
  if (!request.on) return memory.maintenance ? undefined : `${memory.state.definition.name} is not under maintenance`;
  if (request.until !== undefined && Date.parse(request.until) <= Date.parse(now)) return `${request.until} is over already`;
  return undefined;
}

/** Asked for again, the new bound holds. */
export function setMaintenance(memory: GuardMemory, { on, until, by, reason }: MaintenanceRequest, now: string): GuardMemory {
  if (!on) return { ...memory, maintenance: undefined };
  return { ...memory, maintenance: { since: memory.maintenance?.since ?? now, ...(until ? { until } : {}), by, reason } };
}

export const answerOf = ({ on, until }: MaintenanceRequest): string => {
  if (!on) return 'the guard acts again on what it sees';
  return until
    ? `the guard watches and starts nothing until ${until}`
    : 'the guard watches and starts nothing until maintenance is switched off';
};

/**
 * Ends a maintenance whose time is over. One that ran out while drydock or Temporal was away is kept, and a person is asked: whoever works on
 * the cluster may have been held up by the same outage.
 */
export function settleMaintenance(memory: GuardMemory, now: string): { memory: GuardMemory; told?: string } {
  const { maintenance } = memory;
  if (!maintenance?.until || maintenance.overdue) return { memory };
  const over = Date.parse(now) - Date.parse(maintenance.until);
  if (over < 0) return { memory };
  if (over <= lateMs)
    return { memory: { ...memory, maintenance: undefined }, told: `maintenance is over, as agreed for ${maintenance.until}` };
  return {
    memory: { ...memory, maintenance: { ...maintenance, overdue: true } },
    told: `maintenance was to end at ${maintenance.until}, while drydock was away: it is kept until a person says off`,
  };
}

export function maintenanceText({ maintenance }: GuardMemory): string | undefined {
  if (!maintenance) return undefined;
  const { since, until, by, reason, overdue } = maintenance;
  const who = by ? ` by ${by}${reason ? ` (${reason})` : ''}` : '';
  if (overdue) return `maintenance since ${since}${who}; it was to end at ${until} while drydock was away: say off when the work is done`;
  return `maintenance since ${since}${who}${until ? ` until ${until}` : ''}`;
}
