import type { GuardMemory } from '../../../schemas/guard';
import {
  maintenanceText,
  refusalOfMaintenance,
  setMaintenance,
  settleMaintenance,
  underMaintenance,
} from '../../../workflows/guard/maintenance';
import { newMemory } from '../../../workflows/guard/memory';
import { readMaintenance } from '../../../workflows/guard/requests';
import { stateOf } from './fixture';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 5, 12, 0, seconds)).toISOString();
const order = (value: object) => {
  const read = readMaintenance(value);
  if (!read) throw new Error('malformed');
  return read;
};
const memory: GuardMemory = newMemory(stateOf());
const on = (until?: string): GuardMemory => setMaintenance(memory, order({ on: true, until, by: 'ada', reason: 'new disk' }), at(0));

test('it lasts until its end, and ends by itself when somebody was there to end it', () => {
  const working = on(at(60));
  expect(underMaintenance(working, at(59))).toBe(true);
  expect(settleMaintenance(working, at(59))).toEqual({ memory: working });
  expect(settleMaintenance(working, at(60))).toMatchObject({
    memory: { maintenance: undefined },
    told: expect.stringContaining('is over') as string,
  });
});

test('one that ran out while drydock was away is kept, and a person is asked; off ends it', () => {
  const { memory: kept, told } = settleMaintenance(on(at(60)), at(600));
  expect(told).toContain('until a person says off');
  expect(underMaintenance(kept, at(100_000))).toBe(true);
  expect(settleMaintenance(kept, at(100_000))).toEqual({ memory: kept });
  expect(maintenanceText(kept)).toMatch(/by ada \(new disk\).*say off/);
  expect(refusalOfMaintenance(kept, order({ on: false }), at(700))).toBeUndefined();
  expect(underMaintenance(setMaintenance(kept, order({ on: false }), at(700)), at(700))).toBe(false);
  // A new end takes the place of the old one.
  expect(setMaintenance(kept, order({ on: true, until: at(900) }), at(700)).maintenance).toMatchObject({ since: at(0), until: at(900) });
  expect(setMaintenance(kept, order({ on: true, until: at(900) }), at(700)).maintenance?.overdue).toBeUndefined();
});

test('whoever said off while drydock was away is heard', () => {
  expect(refusalOfMaintenance(on(at(60)), order({ on: false }), at(600))).toBeUndefined();
});

test('without an end it lasts until somebody says off', () => {
  expect(underMaintenance(on(), at(1e6))).toBe(true);
  expect(settleMaintenance(on(), at(1e6))).toEqual({ memory: on() });
});

test('what can not be done is refused with its reason', () => {
  expect(refusalOfMaintenance(memory, readMaintenance({ on: 'yes' }), at(0))).toMatch(/true or false/);
  expect(refusalOfMaintenance(memory, order({ on: true, until: at(0) }), at(1))).toMatch(/over already/);
  expect(refusalOfMaintenance(memory, order({ on: false }), at(1))).toMatch(/not under maintenance/);
});
