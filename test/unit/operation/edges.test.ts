import { defaultPayloadConverter } from '@temporalio/common';

import { clusterIn, newId } from '../../../client/start';
import { visibilityQuery } from '../../../client/list';
import { payloadConverter } from '../../../workflows/operation/payload-converter';
import { fieldsOf } from '../../../workers/log';
import { readOptions } from '../../../workers/options';
import { targetOf } from '../../../workers/target';
import { anyString } from '../../support/matchers';

test.each([
  [['cluster/shop', 'op'], 'cluster/shop'],
  [[{ name: 'shop', engine: 'mysql' }], 'cluster/shop'],
  [['operation-id', { definition: { name: 'shop', engine: 'mysql' }, members: [] }], 'cluster/shop'],
  [[{ operation: 'x', state: { definition: { name: 'shop', engine: 'mysql' } } }], 'cluster/shop'],
  [['pivot', { cluster: 'shop' }], 'cluster/shop'],
  [['createCluster', { cluster: { name: 'shop', engine: 'mysql' } }], 'cluster/shop'],
  [[null, undefined, 3, 'shop'], undefined],
])('the target of an activity with %j', (args, target) => {
  expect(targetOf(args)).toBe(target);
});

test('log lines carry the operation, not the bookkeeping of the SDK', () => {
  const error = new Error('outer', { cause: new Error('inner') });
  expect(
    fieldsOf({ workflowId: 'pivot/shop/1', workflowRunId: 'r', activityType: 'switchPrimary', attempt: 2, taskToken: 'secret', error }),
  ).toEqual({ operation: 'pivot/shop/1', activity: 'switchPrimary', attempt: 2, error: 'Error: outer: inner' });
});

test('ids say type, cluster and time, and nothing of a malformed input', () => {
  const at = new Date('2026-11-24T10:15:30Z');
  expect(newId('pivot', { cluster: 'shop' }, at)).toMatch(/^pivot\/shop\/20261124-101530-[0-9a-f]{4}$/);
  expect(newId('createCluster', { cluster: { name: 'shop' } }, at)).toMatch(/^createCluster\/shop\//);
  expect(newId('guardCluster', { cluster: 'shop' }, at)).toBe('guard/shop');
  expect(newId('pivot', { cluster: '../x y' }, at)).toMatch(/^pivot\/unknown\//);
  expect(clusterIn(null)).toBeUndefined();
});

test('the question to visibility can not be bent by a target', () => {
  expect(visibilityQuery({ target: "x' OR 1=1 --", running: true })).toContain("DrydockTarget = 'cluster/x OR 1=1 --' AND ExecutionStatus");
});

test('a worker refuses a queue that does not exist', () => {
  expect(readOptions({ DRYDOCK_QUEUES: 'guard, switch' }).queues).toEqual(['guard', 'switch']);
  expect(() => readOptions({ DRYDOCK_QUEUES: 'swich' })).toThrow(/known are plans, guard, switch, work/);
});

test('bytes that can not be decoded become a value that is refused, all others pass unchanged', () => {
  const encoding = (text: string): { metadata: Record<string, Uint8Array>; data: Uint8Array } => ({
    metadata: { encoding: new TextEncoder().encode(text) },
    data: new TextEncoder().encode('{broken'),
  });
  expect(payloadConverter.fromPayload(encoding('json/plain'), undefined as never)).toEqual({ malformed: anyString });
  expect(payloadConverter.fromPayload(encoding('binary/x'), undefined as never)).toEqual({ malformed: anyString });
  const value = { a: [1, 'two', null] };
  expect(payloadConverter.fromPayload(defaultPayloadConverter.toPayload(value), undefined as never)).toEqual(value);
});
