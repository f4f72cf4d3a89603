import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import pino from 'pino';
import { utils as sshUtils } from 'ssh2';
import { stringify } from 'yaml';

import { hostProblems } from '../../../activities/docker/hosts';
import { redact } from '../../../activities/redact';
import { homeAt } from '../../../platform/paths';
import { engineOf } from '../../../platform/inventory/engine';
import { InventoryError } from '../../../platform/inventory/problems';
import { parseInventory, readInventory } from '../../../platform/inventory/read';
import type { InventoryHost } from '../../../schemas/inventory';
import { HostTable } from '../../../workers/hosts';
import { type Issued, TestAuthority } from '../../support/certificates';

let folder: string;
let file: string;
let client: Issued;
const hostKey = `SHA256:${'A'.repeat(43)}`;
const tls = { ca: 'ca.pem', cert: 'client.pem', key: 'client-key.pem' };
const tcp = (change: Partial<InventoryHost> = {}) => ({
  name: 'ams-1',
  engine: 'tcp://192.0.2.11:2376',
  tls,
  address: '192.0.2.11',
  ...change,
});
const log = pino({ level: 'silent' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-inventory-'));
  file = join(folder, 'inventory.yaml');
  const authority = await TestAuthority.make('test');
  client = await authority.issue('worker');
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  await writeFile(join(folder, 'client.pem'), client.certificate);
  await writeFile(join(folder, 'client-key.pem'), client.key);
  await writeFile(join(folder, 'ssh-key'), sshUtils.generateKeyPairSync('ed25519').private);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is wrong, without the file's name. */
async function problemsOf(text: string): Promise<string[]> {
  const error: unknown = await parseInventory(text, file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return [];
  if (!(error instanceof InventoryError)) throw error as Error;
  return error.problems.map(({ path, message }) => `${path.replace(`${file}:`, '')}: ${message}`);
}

const withHosts = (...hosts: object[]): string => stringify({ hosts });

describe('an inventory that can be used', () => {
  test('each kind of engine', async () => {
    const { hosts, local } = await parseInventory(
      withHosts(
        tcp({ dataCentre: 'ams', labels: { rack: 'r1' } }),
        { name: 'fra-1', engine: 'ssh://ada@192.0.2.21:2222', ssh: { hostKey, key: 'ssh-key' } },
        { name: 'here', engine: 'unix:///var/run/docker.sock', address: '192.0.2.31' },
        { name: 'proxied', engine: 'tcp://127.0.0.1:2375' },
      ),
      file,
    );
    expect(local).toBe(true);
    expect(hosts.map(({ entry }) => entry.name)).toEqual(['ams-1', 'fra-1', 'here', 'proxied']);
    expect(hosts[0]?.entry).toMatchObject({ dataCentre: 'ams', labels: { rack: 'r1' } });
    const modems = hosts.map((host) => engineOf(host).modem as unknown as Record<string, unknown>);
    expect(modems.map(({ protocol, host, port, socketPath }) => ({ protocol, host, port, socketPath }))).toEqual([
      { protocol: 'https', host: '192.0.2.11', port: '2376', socketPath: undefined },
      { protocol: 'http', host: '192.0.2.21', port: '2222', socketPath: undefined },
      { protocol: 'http', host: undefined, port: undefined, socketPath: '/var/run/docker.sock' },
      { protocol: 'http', host: '127.0.0.1', port: '2375', socketPath: undefined },
    ]);
  });

  test('what dockerode prints of an agent at each request is short, and no key', async () => {
    const { hosts } = await parseInventory(
      withHosts(tcp(), { name: 'fra-1', engine: 'ssh://ada@192.0.2.21', ssh: { hostKey, key: 'ssh-key' } }),
      file,
    );
    const agents = hosts.map((host) => (engineOf(host).modem as unknown as { agent: unknown }).agent);
    expect(agents.map((agent) => inspect(agent, { showHidden: true, depth: null }))).toEqual(['TlsAgent', 'SshAgent']);
  });

  test('what DOCKER_HOST says is for the local engine only', async () => {
    const { hosts } = await parseInventory(withHosts({ name: 'here', engine: 'unix:///run/other.sock' }), file);
    process.env['DOCKER_HOST'] = 'tcp://192.0.2.99:2376';
    try {
      expect((hosts[0] && engineOf(hosts[0]).modem) as unknown).toMatchObject({ socketPath: '/run/other.sock', protocol: 'http' });
    } finally {
      delete process.env['DOCKER_HOST'];
    }
  });

  test('the local engine is a host beside those named, unless one has its name or it is left out', async () => {
    const named = { name: 'local', engine: 'unix:///var/run/docker.sock' };
    expect((await parseInventory(withHosts(named), file)).local).toBe(false);
    expect((await parseInventory(stringify({ hosts: [tcp()], local: false }), file)).local).toBe(false);
  });

  test('without a file there is the one local engine', async () => {
    expect(await readInventory({ root: join(folder, 'nowhere') })).toEqual({ file: undefined, hosts: [], local: true, observers: [] });
  });

  test('the example has nothing wrong but the files that it names', async () => {
    const { readFile } = await import('node:fs/promises');
    const example = await readFile(join(__dirname, '../../../examples/inventory.yaml'), 'utf8');
    const problems = await problemsOf(example);
    expect(problems).toHaveLength(4);
    for (const problem of problems)
      expect(problem).toMatch(/^\d+:\d+ hosts\[[01]\]\.(tls\.(ca|cert|key)|ssh\.key): .* can not be read \(ENOENT\)$/);
  });
});

describe('an inventory that can not be used', () => {
  test('every problem at once, each with its place', async () => {
    const text = `hosts:
  - name: Ams
    engine: http://192.0.2.11
    adress: 192.0.2.11
  - name: ams-2
    engine: tcp://192.0.2.12:2376
    address: ams-2.example.org
  - name: ams-2
    engine: ssh://192.0.2.13
    address: 127.0.0.1
remote: true
`;
    expect(await problemsOf(text)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^2:11 hosts\[0\]\.name: lower-case letters/),
        expect.stringMatching(/^3:13 hosts\[0\]\.engine: unix:/),
        '4:13 hosts[0].adress: there is no such setting',
        expect.stringMatching(/^\d+:\d+ hosts\[1\]\.tls: it is missing: an engine on a TCP port wants ca, cert and key/),
        expect.stringMatching(/^7:14 hosts\[1\]\.address: an IPv4 address/),
        '8:11 hosts[2].name: hosts[1] has it too',
        expect.stringMatching(/^\d+:\d+ hosts\[2\]\.ssh: it is missing/),
        '10:14 hosts[2].address: an address at which other hosts reach it',
        '11:9 remote: there is no such setting',
      ]) as string[],
    );
  });

  test.each<[string, object, RegExp]>([
    ['no such file', tcp({ tls: { ...tls, key: 'none.pem' } }), /hosts\[0\]\.tls\.key: .*none\.pem can not be read \(ENOENT\)/],
    [
      'a file that is no certificate',
      tcp({ tls: { ...tls, cert: 'ssh-key' } }),
      /hosts\[0\]\.tls: these files are no certificate with its key/,
    ],
    [
      'a key that is none',
      { name: 'a', engine: 'ssh://192.0.2.1', ssh: { hostKey, key: 'ca.pem' } },
      /hosts\[0\]\.ssh\.key: no private key/,
    ],
    [
      'a fingerprint of another kind',
      { name: 'a', engine: 'ssh://192.0.2.1', ssh: { hostKey: 'MD5:aa' } },
      /hosts\[0\]\.ssh\.hostKey: a fingerprint/,
    ],
    ['certificates for a socket', { name: 'a', engine: 'unix:///x', tls }, /hosts\[0\]\.tls: it belongs to an engine at tcp/],
    ['two names for one engine', tcp({ address: undefined }), /hosts\[1\]\.engine: hosts\[0\] has it too/],
    ['two hosts at one address', tcp(), /hosts\[1\]\.address: hosts\[0\] has it too/],
  ])('%s', async (_name, host, expected) => {
    const second = expected.source.includes('hosts\\[1\\]') ? [tcp({ name: 'ams-2' })] : [];
    expect((await problemsOf(withHosts(host, ...second))).join('\n')).toMatch(expected);
  });

  test('a key that was written in place of its file is not repeated', async () => {
    for (const text of [client.key, `\n${client.key}`, client.key.replaceAll('\n', ' ')]) {
      const problems = await problemsOf(withHosts(tcp({ tls: { ...tls, key: text } })));
      expect(problems.join('\n')).toMatch(/hosts\[0\]\.tls\.key: the name of a file/);
      expect(problems.join('\n')).not.toContain(client.key.split('\n')[1]);
    }
    expect((await problemsOf(withHosts({ name: 'a', engine: client.key }))).join('\n')).not.toContain(client.key.split('\n')[1]);
  });

  test('a file that was asked for must be there', async () => {
    await expect(readInventory({ root: folder }, join(folder, 'none.yaml'))).rejects.toThrow(/none\.yaml/);
  });

  test.each(['', '- a', 'hosts: [', 'hosts: []'])('%j', async (text) => expect(await problemsOf(text)).not.toEqual([]));
});

describe('the hosts of a worker', () => {
  const home = () => homeAt(folder);

  test('follow the inventory; what did not change keeps its engine, and what is wrong changes nothing', async () => {
    await writeFile(file, withHosts(tcp(), tcp({ name: 'ams-2', engine: 'tcp://192.0.2.12:2376', address: '192.0.2.12' })));
    const table = await HostTable.open(home(), log);
    expect([...table.hosts.keys()]).toEqual(['local', 'ams-1', 'ams-2']);
    const before = table.hosts.get('ams-1');

    await writeFile(
      file,
      withHosts(tcp(), tcp({ name: 'ams-2', engine: 'tcp://192.0.2.12:2376', address: '192.0.2.99', dataCentre: 'ams' })),
    );
    await table.refresh();
    expect(table.hosts.get('ams-1')).toBe(before);
    expect(table.hosts.get('ams-2')).toMatchObject({ address: '192.0.2.99', dataCentre: 'ams' });

    await writeFile(file, 'hosts: [');
    await table.refresh();
    await rm(file);
    await table.refresh();
    expect([...table.hosts.keys()]).toEqual(['local', 'ams-1', 'ams-2']);

    await writeFile(file, stringify({ hosts: [tcp({ name: 'fra-1' })], local: false }));
    await table.refresh();
    expect([...table.hosts.keys()]).toEqual(['fra-1']);
  });

  test('a renewed certificate is taken up', async () => {
    await writeFile(file, withHosts(tcp()));
    const table = await HostTable.open(home(), log);
    const before = table.hosts.get('ams-1');
    const authority = await TestAuthority.make('another');
    await writeFile(join(folder, 'ca.pem'), authority.certificate);
    await table.refresh();
    expect(table.hosts.get('ams-1')).not.toBe(before);
  });

  test('keys are cut from whatever is said', async () => {
    await writeFile(file, withHosts(tcp()));
    await HostTable.open(home(), log);
    expect(redact(`so ${client.key} it is`)).not.toContain(client.key.split('\n')[1]);
  });

  test('one that is wrong from the start is refused', async () => {
    await writeFile(file, 'hosts: []');
    await expect(HostTable.open(home(), log)).rejects.toThrow(/a problem in the inventory .*inventory.yaml:1:8 hosts: /);
  });
});

test('a cluster file that names hosts which are not there, or can not be shared, is told all of them', () => {
  const hosts = new Map([
    ['local', { name: 'local', engine: undefined as never }],
    ['ams-1', { name: 'ams-1', engine: undefined as never, address: '192.0.2.11' }],
  ]);
  expect(hostProblems({ hosts }, { hosts: ['local'] })).toEqual([]);
  expect(hostProblems({ hosts }, { hosts: ['ams-1', 'local', 'fra-1'] })).toEqual([
    { path: 'cluster.hosts.1', message: 'local has no address in the inventory, which hosts that share a cluster need' },
    { path: 'cluster.hosts.2', message: 'fra-1 is not in the inventory; known are local, ams-1' },
  ]);
});
