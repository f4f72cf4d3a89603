import { existsSync } from 'node:fs';

import { Client, Connection } from '@temporalio/client';
import Docker from 'dockerode';

import { type Platform, startPlatform, withPlatform } from '../../../platform/instance';
import { isAlive } from '../../../platform/process';
import { pollersOf } from '../../../platform/worker';

describe('a platform of its own', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform({ workers: 1 });
  });
  afterAll(() => platform.stop());

  test('its worker polls, and another one can be added', async () => {
    const connection = await Connection.connect({ address: platform.address });
    try {
      expect(await pollersOf(connection, 'default')).toHaveLength(1);
      await platform.startWorker();
      expect((await pollersOf(connection, 'default')).length).toBe(2);
    } finally {
      await connection.close();
    }
  });

  test('its namespace keeps closed operations for 30 days and its workflow tasks time out after 2 s', async () => {
    const connection = await Connection.connect({ address: platform.address });
    try {
      const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
      const client = new Client({ connection });
      const handle = await client.workflow.start('nobody', { taskQueue: 'nobody', workflowId: 'time-out' });
      const { events } = await handle.fetchHistory();
      expect(Number(events?.[0]?.workflowExecutionStartedEventAttributes?.workflowTaskTimeout?.seconds)).toBe(2);
      await handle.terminate();
    } finally {
      await connection.close();
    }
  });

  test('what its Temporal server knew is there after a crash and a start', async () => {
    const before = await Connection.connect({ address: platform.address });
    await new Client({ connection: before }).workflow.start('nobody', { taskQueue: 'nobody', workflowId: 'remembered' });
    await before.close();
    await platform.temporal.kill();
    await platform.temporal.start();
    const after = await Connection.connect({ address: platform.address });
    try {
      expect((await new Client({ connection: after }).workflow.getHandle('remembered').describe()).status.name).toBe('RUNNING');
    } finally {
      await after.close();
    }
  });
});

test('nothing is left when it ends', async () => {
  const engine = new Docker();
  const { home, instance, pids } = await withPlatform({ workers: 1 }, async (platform) => {
    const label = { 'drydock.instance': platform.instance };
    await engine.createVolume({ Name: `drydock-test-${platform.instance}`, Labels: label });
    await engine.createNetwork({ Name: `drydock-test-${platform.instance}`, Labels: label });
    return {
      home: platform.home.root,
      instance: platform.instance,
      pids: [platform.temporal.pid, ...platform.workers.map(({ pid }) => pid)],
    };
  });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(existsSync(home)).toBe(false);
  const filters = { label: [`drydock.instance=${instance}`] };
  expect((await engine.listVolumes({ filters })).Volumes ?? []).toEqual([]);
  expect(await engine.listNetworks({ filters })).toEqual([]);
});
