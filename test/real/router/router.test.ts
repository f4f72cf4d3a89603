import { connect as connectTls } from 'node:tls';

import { openRouter, type RouterAdmin } from '../../../activities/router/admin';
import { makeAdminCertificates, routerServerName } from '../../../activities/router/certificates';
import { openAlone } from '../../../activities/router/exclusive';
import { AdminSession } from '../../../activities/router/session';
import { Bench, Client } from './support';

jest.setTimeout(60_000);

let bench: Bench;
const opened: { end(): void }[] = [];

const open = async (options: { exclusive?: boolean; epoch?: number } = {}): Promise<RouterAdmin> => {
  const admin = await openRouter(bench, bench.cluster, bench.router, { timeoutMs: 2000, ...options });
  opened.push(admin);
  return admin;
};
const client = async (port: 'write' | 'read' = 'write'): Promise<Client> => {
  const one = await Client.open(bench.router[port].host, bench.router[port].port);
  opened.push(one);
  return one;
};
const member = (index: number) => bench.cluster.members[index] as (typeof bench.cluster.members)[number];

beforeAll(async () => {
  bench = await Bench.start();
});
afterEach(() => {
  for (const each of opened.splice(0)) each.end();
});
afterAll(() => bench?.stop());

test('a router starts closed and lets nobody through before it was told the epoch', async () => {
  expect(await (await client()).line()).toBe('closed');
  expect(await (await client('read')).line()).toBe('closed');
  const admin = await open();
  expect(await admin.view()).toEqual({
    name: 'router-1',
    reachable: true,
    epoch: 0,
    primary: null,
    held: false,
    open: false,
    sessions: 0,
    limits: { write: 65, read: 64 },
    readers: [],
  });
  await expect(admin.point(member(0))).rejects.toThrow(/told no epoch/);
  expect(await (await client()).line()).toBe('closed');
});

test('it leads writers to the primary, and readers to exactly those that were named', async () => {
  const admin = await open();
  await admin.tellEpoch(1);
  await admin.point(member(0));
  expect(await (await client()).line()).toBe('bench-1');
  await admin.readers([member(1), member(2)]);
  const greeted = new Set<string>();
  for (let index = 0; index < 6; index++) greeted.add(await (await client('read')).line());
  expect(greeted).toEqual(new Set(['bench-2', 'bench-3']));
  const reader = await client('read');
  const name = await reader.line();
  // The one whose reader is dropped loses its connection; the other one keeps it.
  await admin.readers([member(name === 'bench-2' ? 1 : 2)]);
  reader.say('still here');
  expect(await reader.line()).toBe('still here');
  await admin.readers([member(name === 'bench-2' ? 2 : 1)]);
  expect(await reader.line()).toBe('closed');
  expect((await admin.view()).readers).toEqual([name === 'bench-2' ? 'bench-3' : 'bench-2']);
  await admin.readers([]);
  expect(await (await client('read')).line()).toBe('closed');
});

test('while it holds, new clients wait without an error; open ones go on until they are cut', async () => {
  const admin = await open();
  await admin.pointAndRelease(member(0), 1);
  const before = await client();
  expect(await before.line()).toBe('bench-1');
  await admin.hold();
  expect(await admin.view()).toMatchObject({ held: true, open: true });
  const waiting = await Promise.all([client(), client(), client()]);
  expect(await waiting[0]?.line(300)).toBe('silent');
  before.say('in my transaction');
  expect(await before.line()).toBe('in my transaction');
  await admin.cut();
  expect(await before.line()).toBe('closed');
  expect(await waiting[1]?.line(100)).toBe('silent');
  await admin.pointAndRelease(member(1), 2);
  for (const one of waiting) expect(await one.line()).toBe('bench-2');
  expect(await admin.view()).toMatchObject({
    epoch: 2,
    held: false,
    open: true,
    primary: { address: member(1).address, port: member(1).port },
  });
});

test('connections that are still being made to a dead primary are led to the new one, and none is left hanging', async () => {
  const admin = await open();
  await admin.pointAndRelease({ address: bench.deadAddress, port: 3306 }, 2);
  const early = await Promise.all([client(), client(), client()]);
  await admin.holdAndCut();
  const late = await client();
  await admin.pointAndRelease(member(1), 3);
  for (const one of [...early, late]) expect(await one.line(2000)).toBe('bench-2');
});

test('a given-up switch releases to the same primary', async () => {
  const admin = await open();
  await admin.pointAndRelease(member(1), 3);
  await admin.hold();
  const waiting = await client();
  await admin.release();
  expect(await waiting.line()).toBe('bench-2');
});

test('closed means that clients are turned away at once', async () => {
  const admin = await open();
  await admin.close();
  expect(await (await client()).line()).toBe('closed');
  expect(await admin.view()).toMatchObject({ open: false });
});

test('an older epoch is refused, at the opening and at every later step', async () => {
  const admin = await open();
  await admin.tellEpoch(5);
  await admin.tellEpoch(5);
  await expect(admin.tellEpoch(4)).rejects.toMatchObject({ type: 'StaleEpoch' });
  await expect(admin.pointAndRelease(member(0), 4)).rejects.toMatchObject({ type: 'StaleEpoch' });
  await expect(open({ epoch: 4 })).rejects.toMatchObject({ type: 'StaleEpoch' });
  expect((await open({ epoch: 5 })).epoch).toBe(5);
  expect(await admin.view()).toMatchObject({ epoch: 5, open: false });
});

test('the latest worker to open exclusively shuts out all others, and what they send later does nothing', async () => {
  const stale = await open({ exclusive: true });
  await stale.pointAndRelease(member(0), 6);
  const bystander = await open();
  const winner = await open({ exclusive: true });
  await expect(stale.closed).resolves.toMatch(/closed/);
  await expect(bystander.closed).resolves.toMatch(/closed/);
  await expect(stale.hold()).rejects.toMatchObject({ type: 'RouterUnreachable' });
  await expect(stale.pointAndRelease(member(2), 7)).rejects.toMatchObject({ type: 'RouterUnreachable' });
  expect(await winner.view()).toMatchObject({ epoch: 6, held: false, primary: { port: member(0).port } });
  // One that opens later without claiming it for itself is let in: guards look on.
  expect(await (await open()).view()).toMatchObject({ epoch: 6 });
  await winner.hold();
  await winner.release();
});

test('two at once that both want it for themselves: one is left', async () => {
  const outcomes = await Promise.allSettled([open({ exclusive: true }), open({ exclusive: true }), open({ exclusive: true })]);
  const usable: RouterAdmin[] = [];
  for (const outcome of outcomes)
    if (outcome.status === 'fulfilled')
      await outcome.value.view().then(
        () => usable.push(outcome.value),
        () => undefined,
      );
  expect(usable.length).toBeLessThanOrEqual(1);
});

test('the admin port does nothing for a caller without the certificate of this cluster', async () => {
  const stranger = await makeAdminCertificates('bench');
  const certificates = JSON.parse(await bench.secrets.read('clusters/bench/admin-certificates')) as typeof stranger;
  // A stranger's authority, and ours with a stranger's certificate.
  await expect(AdminSession.open(bench.router, 'bench', stranger, 1000)).rejects.toMatchObject({ type: 'RouterUnreachable' });
  await expect(
    AdminSession.open(bench.router, 'bench', { ...certificates, client: stranger.client, clientKey: stranger.clientKey }, 1000),
  ).rejects.toMatchObject({ type: 'RouterUnreachable' });
  // No certificate at all, and no TLS at all.
  const answered = await new Promise<string>((resolve) => {
    const socket = connectTls({
      host: bench.router.address,
      port: bench.router.adminPort,
      ca: certificates.authority,
      servername: routerServerName('bench'),
    });
    let text = '';
    socket.on('secureConnect', () => socket.write('show info\n'));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  expect(answered).toBe('');
  const plain = await Client.open(bench.router.address, bench.router.adminPort);
  plain.say('show info');
  expect(await plain.line()).toBe('closed');
});

test('a router that restarted has forgotten the epoch and is closed', async () => {
  const admin = await open();
  await admin.pointAndRelease(member(0), 9);
  expect(await (await client()).line()).toBe('bench-1');
  await bench.restartRouter();
  await expect(admin.closed).resolves.toMatch(/closed|ECONNRESET/);
  expect(await (await client()).line()).toBe('closed');
  expect(await (await open()).view()).toMatchObject({ epoch: 0, open: false, primary: null });
});

test('a command costs a fraction of a millisecond once the session is open', async () => {
  const admin = await open();
  await admin.tellEpoch(10);
  const took: number[] = [];
  for (let index = 0; index < 200; index++) {
    const from = performance.now();
    await admin.release();
    took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  // Measured 0.2 ms on a quiet machine; a TLS handshake per command would be 4 ms and more.
  expect(took[100]).toBeLessThan(3);
});

test('two sessions that drew the same mark can be told apart all the same', async () => {
  const certificates = JSON.parse(await bench.secrets.read('clusters/bench/admin-certificates')) as Awaited<
    ReturnType<typeof makeAdminCertificates>
  >;
  const stale = await AdminSession.open(bench.router, 'bench', certificates, 2000, 7);
  opened.push(stale);
  const marks: (number | undefined)[] = [];
  const winner = await openAlone((mark) => {
    marks.push(mark);
    return AdminSession.open(bench.router, 'bench', certificates, 2000, mark ?? 7);
  }, 2000);
  opened.push(winner);
  expect(marks).toHaveLength(2);
  expect(winner.mark).not.toBe(7);
  await expect(stale.closed).resolves.toMatch(/closed/);
  expect(await winner.send('get var proc.epoch')).toHaveLength(1);
});
