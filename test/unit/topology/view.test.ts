import type { GuardView } from '../../../schemas/guard';
import { readOptions } from '../../../workers/options';
import { answerOf, etagOf, eventText, knownOf } from '../../../workers/topology/view';
import { state } from '../pivot/builders';

const now = Date.parse('2026-11-26T12:00:00.000Z');
const seen = (agoMs: number): string => new Date(now - agoMs).toISOString();
const view = (more: Partial<GuardView> = {}): GuardView => ({ state: state(), findings: [], guard: 'watching', pivots: [], ...more });
const looked = (agoMs: number): GuardView => view({ lastObservation: { at: seen(agoMs), members: [], routers: [] } });

test('who is primary, who follows, and how old that is', () => {
  expect(answerOf(knownOf(looked(60_000), now), now)).toMatchObject({
    cluster: 'db',
    epoch: 4,
    primary: { name: 'db-1', address: '10.213.0.10', port: 3306 },
    replicas: [{ name: 'db-2' }, { name: 'db-3' }],
    asOf: '2026-11-26T12:00:00.000Z',
    observedAt: seen(60_000),
    stale: false,
  });
});

test.each([
  ['just asked', knownOf(view(), now), false],
  ['asked 10 s ago', knownOf(view(), now - 10_000), true],
  ['the guard looks no more', knownOf(looked(600_000), now), true],
  ['the guard is gone', { ...knownOf(view(), now), guard: 'absent' as const }, true],
])('%s', (_, known, stale) => expect(answerOf(known, now).stale).toBe(stale));

test('the tag changes with what is true, not with the time', () => {
  const tag = (known = knownOf(view(), now), at = now): string => etagOf(answerOf(known, at));
  expect(tag(knownOf(looked(5_000), now - 1000))).toBe(tag());
  expect(tag(knownOf(view({ state: { ...state(), epoch: 5 } }), now))).not.toBe(tag());
  expect(tag(knownOf(view(), now), now + 60_000)).not.toBe(tag());
});

test('an event carries the epoch as its id', () => {
  const text = eventText('topology', answerOf(knownOf(view(), now), now));
  expect(text).toMatch(/^id: 4\nevent: topology\ndata: \{.*\}\n\n$/);
});

test.each([
  ['9465', { host: '127.0.0.1', port: 9465 }],
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
  ['[::1]:9465', { host: '::1', port: 9465 }],
  ['', undefined],
])('address %s', (text, expected) => expect(readOptions({ DRYDOCK_TOPOLOGY_ADDRESS: text }).topologyAddress).toEqual(expected));

test.each(['localhost', '1.2.3.4:', '70000', 'x:0'])('address %s is refused', (text) =>
  expect(() => readOptions({ DRYDOCK_TOPOLOGY_ADDRESS: text })).toThrow('DRYDOCK_TOPOLOGY_ADDRESS'),
);
