import type { HostReport } from '../../../platform/inventory/report';
import { drydock } from './harness';

const host = (change: Partial<HostReport> = {}): HostReport => ({
  name: 'ams-1',
  engine: 'tcp://192.0.2.11:2376',
  address: '192.0.2.11',
  dataCentre: 'ams',
  labels: { rack: 'r7' },
  answers: true,
  version: '20.10.24',
  apiVersion: '1.41',
  clockSkewMs: 3,
  members: ['orders-1'],
  routers: [],
  unreachable: [],
  complaints: [],
  ...change,
});
const lost = host({
  name: 'fra-1',
  engine: 'ssh://ada@192.0.2.21',
  answers: false,
  problem: 'no connection within 1000 ms',
  version: undefined,
  clockSkewMs: undefined,
  members: [],
});
const odd = host({ name: 'ams-2', clockSkewMs: -4200, complaints: ['its clock is 4.2 s behind'] });
const withHosts = (...hosts: HostReport[]) => ({ platform: { hosts: () => Promise.resolve(hosts) } });

test('list: one line for each, whatever its state', async () => {
  const { code, out } = await drydock(['host', 'list'], [], { ...withHosts(host(), lost), terminal: { columns: 200 } });
  expect(code).toBe(0);
  expect(out).toMatch(/ams-1 +tcp:\/\/192\.0\.2\.11:2376 +192\.0\.2\.11 +ams +answers, 20\.10\.24 +\+3 ms +orders-1 +rack=r7/);
  expect(out).toMatch(/fra-1 .*no connection within 1000 ms/);
});

test('list --json is what was found', async () => {
  expect((await drydock(['host', 'list', '--json'], [], withHosts(host(), lost))).json()).toEqual(
    JSON.parse(JSON.stringify([host(), lost])) as unknown,
  );
});

test('check: a host that does not answer fails it and has a remedy; one that is odd is a warning', async () => {
  const { code, out } = await drydock(['host', 'check'], [], withHosts(host(), odd, lost));
  expect(code).toBe(1);
  expect(out).toContain('✓ ams-1  Docker Engine 20.10.24, API 1.41, clock +3 ms, address 192.0.2.11, 1 member, 0 routers');
  expect(out).toMatch(/! ams-2 .*its clock is 4\.2 s behind/s);
  expect(out).toMatch(/✗ fra-1 +ssh:\/\/ada@192\.0\.2\.21 does not answer: no connection within 1000 ms\n +→ See that the host/);
  expect((await drydock(['host', 'check'], [], withHosts(host(), odd))).code).toBe(0);
});

test('check of one host; a name that is not there is told with those that are', async () => {
  expect((await drydock(['host', 'check', 'ams-1'], [], withHosts(host(), lost))).code).toBe(0);
  const { code, err } = await drydock(['host', 'check', 'fra-2'], [], withHosts(host(), lost));
  expect(code).toBe(2);
  expect(err).toContain('fra-2: is not in the inventory; known are ams-1, fra-1; did you mean fra-1?');
});

test('problems of the inventory are told one by one', async () => {
  const refused = Object.assign(new Error('2 problems in the inventory'), {
    code: 'InvalidInput',
    problems: [{ path: 'inventory.yaml:3:5 hosts[0].engine', message: 'expected unix:, tcp: or ssh:' }],
  });
  const { code, err } = await drydock(['host', 'list'], [], { platform: { hosts: () => Promise.reject(refused) } });
  expect(code).toBe(2);
  expect(err).toContain('inventory.yaml:3:5 hosts[0].engine: expected unix:, tcp: or ssh:');
});
