/** A member that others made, and that has what the primary lacks or lacks what the primary has purged, is copied anew by a person's decision. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { AdoptionFileAsWritten } from '../../../schemas/adoption-file';
import type { ErrantResult } from '../../../schemas/errant';
import type { Diagnosis } from '../../../schemas/guard';
import type { ProofReport } from '../../../schemas/pivot';
import type { ClusterState } from '../../../schemas/topology';
import { guardView } from '../../support/guard-sight';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { Trio } from './trio';

jest.setTimeout(280_000);
const execute = promisify(execFile);

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.start();
});
afterAll(() => scenario?.stop());

const images = ['drydock/mysql:8.0', 'drydock/mysql:5.6', 'drydock/mariadb:10.11'].map((image) => [image] as const);

test.each(images)('%s', async (image) => {
  const name = image.replace(/[^a-z0-9]+/g, '-').replace('drydock-', '');
  const trio = await Trio.start(image, name, []);
  const modern = image.includes('8.0');
  const [stop, status] = modern ? ['STOP REPLICA', 'SHOW REPLICA STATUS'] : ['STOP SLAVE', 'SHOW SLAVE STATUS'];
  const [primary, , third] = trio.servers;
  const member = `${name}-3`;
  try {
    const passwordFile = join(scenario.environment.secrets.folder, 'administrators', name);
    await mkdir(dirname(passwordFile), { recursive: true });
    await writeFile(passwordFile, trio.rootPassword, { mode: 0o600 });
    await trio.installCommands(join(scenario.environment.home, 'commands'));
    const command = ['server', `${trio.prefix}-{member}`];
    const file: AdoptionFileAsWritten = {
      name,
      durability: 'async',
      members: trio.servers.map(({ address, port }) => ({ address, port })),
      administrator: { user: 'root', passwordFile },
      startsFenced: true,
      commands: { fence: command, start: command, status: command },
    };
    expect(await scenario.run<ClusterState>('adoptCluster', { cluster: file })).toMatchObject({ epoch: 1, primary: `${name}-1` });
    const cluster = await scenario.findCluster(name);
    await trio.sql(
      primary,
      'CREATE DATABASE app',
      'CREATE TABLE app.orders (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(40))',
      "INSERT INTO app.orders (note) VALUES ('first'), ('second')",
      "CREATE USER clerk@'%' IDENTIFIED BY 'not-in-use'",
      "GRANT SELECT ON app.* TO clerk@'%'",
    );
    await cluster.untilConverged();

    // It is written to by mistake.
    await trio.sql(
      third,
      ...(modern ? ['SET GLOBAL super_read_only=0'] : []),
      'CREATE DATABASE alone',
      'CREATE TABLE app.mine (id INT PRIMARY KEY)',
      'INSERT INTO app.mine VALUES (7)',
      ...(modern ? ['SET GLOBAL super_read_only=1'] : []),
    );
    await untilNamed(cluster, 'ReplicaDiverged', member);
    await sleep(6000);
    const has = (sql: string): Promise<unknown> => trio.sql(third, sql);
    await has('SELECT * FROM app.mine');

    const decide = (input: object): Promise<string> =>
      scenario.drydock.start('errant', { cluster: name, decision: 'rebuild', member, by: 'ada', ...input });
    const dry = await scenario.drydock.result<ErrantResult>(await decide({ dryRun: true }));
    expect(dry.deed).toContain(`keep all that ${member} has`);
    const id = await decide({ approval: { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' } });
    await scenario.untilProgress(id, ({ waitsFor }) => waitsFor?.gate === 'before-switch', 60_000);
    await has('SELECT * FROM app.mine');
    await scenario.drydock.control(id, 'approve', { by: 'ada' });
    const done = await scenario.drydock.result<ErrantResult>(id);
    const [entry] = done.entries;
    expect(entry).toMatchObject({ member, state: 'set aside' });
    expect(entry?.changes).toContainEqual({ table: 'app.mine', change: 'insert', rows: 1 });
    await cluster.untilConverged();
    await expect(has('SELECT * FROM app.mine')).rejects.toThrow(/mine/);
    expect(await has("SHOW DATABASES LIKE 'alone'")).toEqual([]);
    expect(await has('SELECT COUNT(*) AS n FROM app.orders')).toMatchObject([{ n: 2 }]);
    expect(await has("SHOW GRANTS FOR clerk@'%'")).not.toEqual([]);
    expect(await scenario.drydock.result<ProofReport>(done.proof ?? '')).toMatchObject({ equal: true });
    const volume = /^volume (\S+):/.exec(entry?.kept ?? '')?.[1] ?? '';
    const inVolume = ['run', '--rm', '--entrypoint', 'bash', '--volume', `${volume}:/aside`, image, '-c'];
    const { stdout } = await execute('docker', [
      ...inVolume,
      "zcat /aside/*.gz | grep -c 'CREATE TABLE `mine`'; grep -c '^### INSERT' /aside/*.sql",
    ]);
    expect(stdout.trim().split('\n')).toEqual(['1', '1']);

    // It lacks what the primary no longer has.
    await scenario.drydock.maintenance(name, { on: true, by: 'ada' });
    await trio.sql(third, stop);
    await trio.sql(
      primary,
      "INSERT INTO app.orders (note) VALUES ('third')",
      'FLUSH LOGS',
      "INSERT INTO app.orders (note) VALUES ('fourth')",
      'FLUSH LOGS',
    );
    const logs = await trio.sql(primary, 'SHOW BINARY LOGS');
    const second = trio.servers[1];
    await until('the other replica has it', 20_000, async () => {
      const [row] = await trio.sql(second, 'SELECT COUNT(*) AS n FROM app.orders');
      return Number(row?.['n']) === 4 ? {} : `${String(row?.['n'])} rows`;
    });
    await trio.sql(primary, `PURGE BINARY LOGS TO '${String(logs.at(-1)?.['Log_name'])}'`);
    await scenario.drydock.maintenance(name, { on: false, by: 'ada' });
    await sleep(6000);
    expect(await has('SELECT COUNT(*) AS n FROM app.orders')).toMatchObject([{ n: 2 }]);
    await scenario.drydock.result<ErrantResult>(await decide({ proof: false }));
    await cluster.untilConverged();
    expect(await has('SELECT COUNT(*) AS n FROM app.orders')).toMatchObject([{ n: 4 }]);
    expect(await has(status)).toHaveLength(1);

    const gone = await scenario.run<ErrantResult>('errant', { cluster: name, decision: 'forget', member });
    expect(gone.entries).toEqual([]);
    await expect(scenario.engine.getVolume(volume).inspect()).rejects.toMatchObject({ statusCode: 404 });
    const left = await scenario.engine.listContainers({ all: true, filters: { label: ['drydock.kind=tool'] } });
    expect(left.filter(({ Labels }) => Labels['drydock.instance'] === scenario.platform.instance)).toEqual([]);
    await scenario.run('deleteCluster', { cluster: name });
  } finally {
    await trio.stop();
  }
});

async function untilNamed(cluster: TestCluster, diagnosis: Diagnosis, member: string): Promise<void> {
  await until(`${diagnosis} of ${member}`, 60_000, async () => {
    const { findings } = await guardView(scenario, cluster);
    return findings.find((each) => each.diagnosis === diagnosis && each.member === member) ?? JSON.stringify(findings);
  });
}
