import fc from 'fast-check';

import { clusterDefinition } from '../../../schemas/cluster';
import {
  clusterLimits,
  limitProblems,
  maxConnectionsOf,
  readLimit,
  reservedConnections,
  routerLimits,
} from '../../../schemas/connection-limits';

const define = (more: object = {}) => clusterDefinition.parse({ name: 'shop', engine: 'mysql', version: '8.0', ...more });

test.each([
  ['half each by default', {}, { write: 65, read: 64 }],
  ['of more', { settings: { max_connections: '500' } }, { write: 239, read: 239 }],
  ['the rest', { connections: { write: 100 } }, { write: 100, read: 29 }],
  ['the rest the other way', { connections: { read: 20 } }, { write: 109, read: 20 }],
  ['as given', { connections: { write: 50, read: 20 } }, { write: 50, read: 20 }],
  ['hardly any', { settings: { max_connections: '10' } }, { write: 1, read: 1 }],
])('%s', (_, more, expected) => expect(clusterLimits(define(more))).toEqual(expected));

test('each router has its part, one at least', () => {
  expect(routerLimits(define({ routers: 2 }))).toEqual({ write: 32, read: 32 });
  expect(routerLimits(define({ routers: 8, settings: { max_connections: '30' } }))).toEqual({ write: 1, read: 1 });
  expect(routerLimits(define({ settings: { max_connections: '50000' } }))).toEqual({ write: 4000, read: 4000 });
});

test('readers take in proportion to their number; with none the primary is read from', () => {
  expect([0, 1, 3].map((readers) => readLimit({ read: 30 }, readers))).toEqual([30, 30, 90]);
});

test('what a server can not keep is a problem of the file, with the figure that would do', () => {
  const parsed = clusterDefinition.safeParse({ name: 'shop', engine: 'mysql', version: '8.0', connections: { write: 100, read: 100 } });
  expect(parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
    expect.stringMatching(
      /^connections: 100 to write and 100 to read are 200 at one member, which takes 151.*raise settings.max_connections to 222$/,
    ),
  ]);
  expect(define({ connections: { write: 100, read: 100 }, settings: { max_connections: '222' } }).connections).toEqual({
    write: 100,
    read: 100,
  });
});

test('whatever is given: no member is led more than it takes, or the file is refused', () => {
  const limit = fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 3000 }),
      limit,
      limit,
      fc.integer({ min: 0, max: 15 }),
      fc.integer({ min: 1, max: 8 }),
      (most, write, read, replicas, routers) => {
        const connections = write === undefined && read === undefined ? undefined : { write, read };
        const definition = { connections, replicas, routers, settings: { max_connections: String(most) } };
        if (limitProblems(definition).length > 0) return;
        const each = routerLimits(definition);
        const room = maxConnectionsOf(definition) - reservedConnections(definition);
        if (room < 2 * routers) return;
        expect(routers * (each.write + each.read)).toBeLessThanOrEqual(Math.max(room, 2 * routers));
      },
    ),
  );
});
