import type { Finding, GuardMemory, GuardView } from '../../schemas/guard';
import type { Observation } from '../../schemas/observation';
import { maintenanceText } from './maintenance';

/** What readers of the guard are told. Pure. */
export function viewOf(memory: GuardMemory, findings: Finding[], lastObservation: Observation | undefined): GuardView {
  const { state: watched, moved, held, maintenance, pivots } = memory;
  const flapping: Finding[] = held?.flapping ? [{ diagnosis: 'Flapping', detail: held.reason }] : [];
  return {
    state: moved && moved.epoch > watched.epoch ? { ...watched, ...moved } : watched,
    findings: [...findings, ...flapping],
    guard: held ? 'held' : 'watching',
    note: held?.reason ?? maintenanceText(memory),
    ...(maintenance ? { maintenance } : {}),
    lastObservation,
    pivots,
  };
}
