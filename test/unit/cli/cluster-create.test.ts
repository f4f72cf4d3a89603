import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { drydock, operation, progress } from './harness';

const done = operation({ id: 'createCluster/orders/1', type: 'createCluster', status: 'COMPLETED', progress: progress({ state: 'done' }) });

describe('cluster create', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'drydock-cli-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (text: string, name = 'orders.yaml'): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test('names every problem of the file by line, column and path, and starts nothing', async () => {
    const path = file('name: Orders\nengine: pg\nversion: 8.0\nreplicas: 99.5\ncandidates:\n  prefre: []\nfoo: 1\n');
    const { code, err, fake } = await drydock(['cluster', 'create', path]);
    expect(code).toBe(2);
    expect(fake.started).toEqual([]);
    expect(err).toContain('InvalidInput');
    expect(err).toContain('nothing was touched');
    const flat = err.replace(/\n\s+/g, ' ');
    expect(flat).toContain(`${path}:1:7 name: a cluster name is lower-case`);
    expect(flat).toContain(`${path}:2:9 engine: expected mysql or mariadb; found "pg"`);
    expect(flat).toContain(`${path}:4:11 replicas: expected int; found 99.5`);
    expect(flat).toContain(`${path}:6:11 candidates.prefre: there is no such setting; did you mean prefer?`);
    expect(flat).toContain(`${path}:7:6 foo: there is no such setting`);
  });

  test('names problems of the syntax by line and column', async () => {
    const path = file('name: orders\nname: again\nreplicas: [\n');
    const { code, err } = await drydock(['cluster', 'create', path]);
    expect(code).toBe(2);
    expect(err).toContain(`${path}:2:1`);
    expect(err).toContain(`${path}:4:1`);
  });

  test('names what is missing when there is no file', async () => {
    const { code, err } = await drydock(['cluster', 'create', '--name', 'orders', '--replicas', 'two']);
    expect(code).toBe(2);
    expect(err).toContain('--engine: expected mysql or mariadb; it is missing');
    expect(err).toContain('--version: it is missing');
    expect(err).toContain('--replicas: expected number; found "two"');
  });

  test('says which file can not be read', async () => {
    const { code, err } = await drydock(['cluster', 'create', join(folder, 'nowhere.yaml')]);
    expect(code).toBe(2);
    expect(err).toContain('there is no such file');
  });

  test('keeps versions as they were written, although YAML takes them for numbers', async () => {
    const path = file('name: orders\nengine: mariadb\nversion: 10.11\nimage: my/mariadb\nsettings: { max_connections: 500 }\n');
    const { fake } = await drydock(['cluster', 'create', path], [done]);
    expect(fake.started[0]).toMatchObject({
      type: 'createCluster',
      input: { cluster: { version: '10.11', settings: { max_connections: '500' }, replicas: 2, durability: 'semi-sync' }, dryRun: false },
    });
  });

  test('a flag wins over the file, JSON is read too, and the cluster is shown at the end', async () => {
    const path = file(JSON.stringify({ name: 'orders', engine: 'mysql', version: '8.0', replicas: 1 }), 'orders.json');
    const { code, out, fake } = await drydock(['cluster', 'create', path, '--replicas', '3'], [done]);
    expect(code).toBe(0);
    expect(fake.started[0]).toMatchObject({ input: { cluster: { replicas: 3 } } });
    expect(out).toContain('127.0.0.1:15001');
    expect(out).toContain('MYSQL_PWD="$(cat /home/ada/.drydock/secrets/clusters/orders/application)"');
  });

  test('a problem of a flag is named by the flag, of the file by its place', async () => {
    const path = file('name: orders\nengine: pg\nversion: 8.0\n');
    const { err } = await drydock(['cluster', 'create', path, '--durability', 'maybe']);
    expect(err).toContain(`${path}:2:9 engine`);
    expect(err).toContain('--durability: expected async or semi-sync; found "maybe"');
  });

  test('--detach gives the id and how to follow it', async () => {
    const path = file('name: orders\nengine: mysql\nversion: 8.0\n');
    const { code, out } = await drydock(['cluster', 'create', path, '--detach'], [operation({ id: 'createCluster/orders/1' })]);
    expect(code).toBe(0);
    expect(out).toBe('createCluster/orders/1\n  follow it with  npx drydock op watch createCluster/orders/1\n');
  });
});
