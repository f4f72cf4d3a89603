import fc from 'fast-check';

import { readerChange } from '../../../activities/router/readers';
import type { SlotView } from '../../../activities/router/view';

const slot = (index: number, last: number, ready: boolean): SlotView => ({
  backend: 'read',
  slot: `r${index}`,
  address: last ? `10.0.0.${last}` : '0.0.0.0',
  port: 3306,
  ready,
});
const reader = (last: number) => ({ address: `10.0.0.${last}`, port: 3306 });

/** What HAProxy would be like after the commands. */
function carryOut(slots: SlotView[], commands: string[]): SlotView[] {
  const after = slots.map((each) => ({ ...each }));
  for (const command of commands) {
    const found = /^set server read\/(r\d+) (?:state (ready|maint)|addr (\S+) port (\d+))$/.exec(command);
    const target = after.find((each) => each.slot === found?.[1]);
    if (!found || !target) throw new Error(`not understood: ${command}`);
    if (found[2]) target.ready = found[2] === 'ready';
    else Object.assign(target, { address: found[3], port: Number(found[4]) });
  }
  return after;
}

test.each([
  ['nothing to do', [slot(1, 5, true)], [reader(5)], { leave: [], leaving: [], join: [] }],
  [
    'one joins in a free place',
    [slot(1, 5, true), slot(2, 0, false)],
    [reader(5), reader(6)],
    { leave: [], leaving: [], join: ['set server read/r2 addr 10.0.0.6 port 3306', 'set server read/r2 state ready'] },
  ],
  ['one leaves', [slot(1, 5, true)], [], { leave: ['set server read/r1 state maint'], leaving: ['r1'], join: [] }],
  [
    'one comes back where it was',
    [slot(1, 0, false), slot(2, 6, false)],
    [reader(6)],
    { leave: [], leaving: [], join: ['set server read/r2 state ready'] },
  ],
])('%s', (_, slots, wanted, expected) => {
  expect(readerChange(slots, wanted)).toEqual(expected);
});

test('whatever was there: afterwards exactly the wanted ones are read from, and those that stay were not touched', () => {
  const state = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 8 });
  fc.assert(
    fc.property(state, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), state, (there, ready, wanted) => {
      const slots = Array.from({ length: 8 }, (_, index) =>
        slot(index + 1, there[index] ?? 0, there[index] !== undefined && ready[index] === true),
      );
      const change = readerChange(slots, wanted.map(reader));
      const after = carryOut(slots, [...change.leave, ...change.join]);
      const read = after.filter((each) => each.ready).map((each) => each.address);
      expect(read.sort()).toEqual(wanted.map((last) => reader(last).address).sort());
      for (const each of slots)
        if (each.ready && wanted.some((last) => reader(last).address === each.address)) {
          expect([...change.leave, ...change.join].join('\n')).not.toContain(`read/${each.slot} `);
        }
    }),
  );
});

test('more than there is room for is an error', () => {
  expect(() => readerChange([slot(1, 0, false)], [reader(1), reader(2)])).toThrow(/has room for 1/);
});
