import { join } from 'node:path';

import type { AdoptionReport } from '../../../schemas/adoption';
import { drydock, operation, progress } from './harness';

const example = join(__dirname, '../../../examples/adoption/orders.yaml');

const report: AdoptionReport = {
  cluster: 'orders',
  fit: false,
  engine: 'mysql',
  version: '8.0',
  durability: 'semi-sync',
  primary: 'orders-1',
  members: [{ name: 'orders-1', address: '10.0.0.11:3306', role: 'primary' }],
  differences: [
    { verdict: 'refused', path: 'members.orders-2.sync_binlog', message: 'sync_binlog is 0, must be 1', remedy: 'set sync_binlog=1' },
    { verdict: 'changed', path: 'members.orders-2.read_only', message: 'read_only is OFF', remedy: 'drydock makes it read-only' },
    { verdict: 'named', path: 'members', message: 'members run 8.0.33, 8.0.40', remedy: 'upgrade' },
  ],
  makes: ['schema drydock', 'account drydock_op@%'],
  routers: 1,
};

const done = operation({
  id: 'adoptCluster/orders/1',
  type: 'adoptCluster',
  status: 'COMPLETED',
  progress: progress({ state: 'done' }),
  result: report,
});

describe('cluster adopt', () => {
  test('a dry run tells what is to be mended, what is changed and what is worth knowing, each with its remedy', async () => {
    const { out, code, fake } = await drydock(['cluster', 'adopt', example, '--dry-run'], [done]);
    expect(code).toBe(0);
    expect(fake.started[0]).toMatchObject({
      type: 'adoptCluster',
      input: {
        dryRun: true,
        cluster: {
          name: 'orders',
          members: [{ address: '10.0.0.11', port: 3306 }, { address: '10.0.0.12' }, { name: 'orders-reports', host: 'rack-2' }],
          administrator: { user: 'root', passwordFile: '/etc/drydock/orders-administrator' },
          commands: { fence: ['fence-server', '{address}'], timeoutSeconds: 15 },
        },
      },
    });
    const flat = out.replace(/\n\s+/g, ' ');
    for (const text of [
      'it can not be adopted as it is',
      'to be mended first (1)',
      'members.orders-2.sync_binlog: sync_binlog is 0, must be 1 → set sync_binlog=1',
      'drydock changes (1)',
      'worth knowing (1)',
      'nothing was touched',
    ])
      expect(flat).toContain(text);
  });

  test('a file with faults starts nothing', async () => {
    const { code, err, fake } = await drydock(['cluster', 'adopt', join(__dirname, '../../../examples/orders.yaml')]);
    expect(code).toBe(2);
    expect(fake.started).toEqual([]);
    expect(err).toContain('there is no such setting');
    expect(err).toContain('administrator');
  });
});
