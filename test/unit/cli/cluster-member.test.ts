import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { MemberChange } from '../../../schemas/member-changes';
import { drydock, operation, progress } from './harness';

const result: MemberChange = {
  cluster: 'orders',
  epoch: 3,
  primary: 'orders-1',
  added: { name: 'orders-4', host: 'local', serverId: 4 },
  donor: 'orders-2',
  removed: 'orders-3',
  kept: ['volume drydock.x.orders.orders-3.1'],
  acknowledgers: ['orders-2', 'orders-4'],
};
const done = (type: string, answer: object) =>
  operation({ id: `${type}/orders/1`, type, status: 'COMPLETED', progress: progress({ state: 'done' }), result: answer });

describe('cluster member', () => {
  test('add: on a host of choice', async () => {
    const { fake, code } = await drydock(
      ['cluster', 'member', 'add', 'orders', '--host', 'rack-3', '--no-proof'],
      [done('addMember', result)],
    );
    expect(code).toBe(0);
    expect(fake.started).toMatchObject([{ type: 'addMember', input: { cluster: 'orders', host: 'rack-3', proof: false, dryRun: false } }]);
  });

  test('remove wants the name or --yes, and says what is kept', async () => {
    const refused = await drydock(['cluster', 'member', 'remove', 'orders', 'orders-3']);
    expect([refused.code, refused.fake.started]).toEqual([2, []]);
    const { fake, out } = await drydock(
      ['cluster', 'member', 'remove', 'orders', 'orders-3', '--yes', '--accept-few-acknowledgers'],
      [done('removeMember', { ...result, added: undefined })],
    );
    expect(fake.started).toMatchObject([
      { type: 'removeMember', input: { member: 'orders-3', deleteData: false, acceptFewAcknowledgers: true } },
    ]);
    expect(out).toContain('volume drydock.x.orders.orders-3.1');
  });

  test('replace: a dry run asks nobody and touches nothing', async () => {
    const { fake, out, code } = await drydock(
      ['cluster', 'member', 'replace', 'orders', 'orders-3', '--dry-run', '--expect-epoch', '3'],
      [done('replaceMember', result)],
    );
    expect(code).toBe(0);
    expect(fake.started).toMatchObject([{ type: 'replaceMember', input: { member: 'orders-3', dryRun: true, expect: { epoch: 3 } } }]);
    expect(out).toMatch(/orders-4 would be copied from orders-2/);
    expect(out).toContain('nothing was touched');
  });

  test('what is wrong in the words is told at once', async () => {
    const { code, err, fake } = await drydock(['cluster', 'member', 'add', 'Orders', '--expect-epoch', 'x', '--timeout', '5m']);
    expect(code).toBe(2);
    for (const path of ['CLUSTER', '--expect-epoch', '--timeout']) expect(err).toContain(path);
    expect(fake.started).toEqual([]);
  });
});

describe('cluster update', () => {
  const file = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'drydock-cli-')), 'changes.yaml');
    writeFileSync(path, text);
    return path;
  };

  test('starts with the fields of the file', async () => {
    const changes = [{ path: 'cluster.connections', message: 'is not given, asked for {"write":300}' }];
    const { fake, out } = await drydock(
      ['cluster', 'update', 'orders', file('connections: { write: 300 }\nsubscribers: []\n')],
      [done('updateCluster', { cluster: 'orders', revision: 1, changes })],
    );
    expect(fake.started).toMatchObject([
      { type: 'updateCluster', input: { cluster: 'orders', set: { connections: { write: 300 }, subscribers: [] }, dryRun: false } },
    ]);
    expect(out).toContain('cluster.connections is not given, asked for');
  });

  test.each([
    ['engine: mariadb\n', /changes\.yaml:1:\d+ engine.*there is no such setting/],
    ['connections: {}\n', /names neither write nor read/],
    ['{}\n', /names nothing to change/],
    ['readFallback: nobody\n', /readFallback.*expected primary or refuse/],
  ])('%j is refused where it stands', async (text, problem) => {
    const { code, err, fake } = await drydock(['cluster', 'update', 'orders', file(text)]);
    expect([code, fake.started]).toEqual([2, []]);
    expect(err).toMatch(problem);
  });
});
