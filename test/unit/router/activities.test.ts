import { readersOf } from '../../../activities/router';
import type { ClusterState } from '../../../schemas/topology';

const state = (readFallback: 'primary' | 'refuse') =>
  ({
    definition: { name: 'shop', readFallback },
    primary: 'shop-1',
    epoch: 3,
    members: [1, 2, 3].map((index) => ({ name: `shop-${index}`, address: `10.0.0.${index}`, port: 3306 })),
  }) as unknown as ClusterState;

test.each([
  ['primary', ['shop-2', 'shop-3'], [2, 3]],
  ['primary', [], [1]],
  ['refuse', [], []],
  ['refuse', ['shop-3'], [3]],
] as const)('with the policy %s and %j fit to read from', (policy, names, expected) => {
  expect(readersOf(state(policy), [...names])).toEqual(expected.map((last) => ({ address: `10.0.0.${last}`, port: 3306 })));
});
