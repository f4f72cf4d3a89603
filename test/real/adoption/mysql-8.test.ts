import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { DrydockError } from '../../../client';
import type { AdoptionReport } from '../../../schemas/adoption';
import type { AdoptionFileAsWritten } from '../../../schemas/adoption-file';
import type { DeletionResult } from '../../../schemas/creation';
import { passwordRef } from '../../../schemas/names';
import type { PivotResult } from '../../../schemas/pivot';
import type { ClusterState } from '../../../schemas/topology';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { brokenPromises, underLoad } from '../../support/under-load';
import { Trio } from './trio';

jest.setTimeout(240_000);

let scenario: Scenario;
let trio: Trio;
let cluster: TestCluster;

const name = 'legacy';

/** The file that a user writes. */
function file(more: Partial<AdoptionFileAsWritten> = {}): AdoptionFileAsWritten {
  return {
    name,
    durability: 'async',
    members: trio.servers.map(({ address, port }) => ({ address, port })),
    administrator: { user: 'root', passwordFile: join(scenario.environment.secrets.folder, 'administrators', name) },
    startsFenced: true,
    commands: {
      fence: ['server', `${trio.prefix}-{member}`],
      start: ['server', `${trio.prefix}-{member}`],
      status: ['server', `${trio.prefix}-{member}`],
    },
    routers: 1,
    ...more,
  };
}

beforeAll(async () => {
  scenario = await Scenario.start();
  trio = await Trio.start('drydock/mysql:8.0', name, ['--sync_relay_log=100', '--relay_log_recovery=ON']);
  const { passwordFile } = file().administrator;
  await mkdir(dirname(passwordFile), { recursive: true });
  // Below the secrets, so that the search for secrets looks for it too.
  await writeFile(passwordFile, `${trio.rootPassword}\n`, { mode: 0o600 });
  await trio.installCommands(join(scenario.environment.home, 'commands'));
});

afterAll(async () => {
  await trio?.stop();
  await scenario?.stop();
});

const adopt = <Result>(input: Partial<AdoptionFileAsWritten>, dryRun = false): Promise<Result> =>
  scenario.run<Result>('adoptCluster', { cluster: file(input), dryRun });

test('a cluster with many faults is refused with all of them, and nothing is changed', async () => {
  const [primary, second, third] = trio.servers;
  await trio.sql(primary, 'SET GLOBAL sync_binlog=0', 'SET GLOBAL innodb_flush_log_at_trx_commit=2');
  await trio.sql(primary, "CREATE USER writer@'%' IDENTIFIED BY 'not-in-use'", "GRANT SUPER ON *.* TO writer@'%'");
  await trio.sql(
    primary,
    'CREATE DATABASE temporal',
    'CREATE TABLE temporal.executions (a INT)',
    'CREATE TABLE temporal.history_node (a INT)',
  );
  await trio.sql(second, 'SET GLOBAL super_read_only=0', 'CREATE DATABASE errant');
  await trio.sql(third, 'SET GLOBAL super_read_only=0', 'SET GLOBAL read_only=0', 'SET GLOBAL event_scheduler=ON');
  await untilSeen(third, "SHOW TABLES FROM temporal LIKE 'history_node'");
  const before = await trio.everything();

  const report = await adopt<AdoptionReport>({ durability: 'semi-sync', commands: { fence: ['nowhere'] } }, true);
  const refused = report.differences.filter(({ verdict }) => verdict === 'refused').map(({ path }) => path);
  expect(report).toMatchObject({ fit: false, engine: 'mysql', version: '8.0', primary: `${name}-1` });
  expect(refused).toEqual(
    expect.arrayContaining([
      `members.${name}-1.sync_binlog`,
      `members.${name}-1.innodb_flush_log_at_trx_commit`,
      `members.${name}-2.sync_relay_log`,
      `members.${name}-3.relay_log_recovery`,
      `members.${name}-2.errant`,
      `members.${name}-1.semi_sync`,
      expect.stringMatching(/^accounts\.writer@% \(.*SUPER/) as string,
      'schemas.temporal',
      'commands',
    ]),
  );
  const error = await adopt({ durability: 'semi-sync', commands: { fence: ['nowhere'] } }).catch((failed: unknown) => failed);
  expect(error).toBeInstanceOf(DrydockError);
  expect(error).toMatchObject({ code: 'PrecheckFailed' });
  expect((error as DrydockError).problems.map(({ path }) => path).sort()).toEqual([...refused].sort());
  expect(await trio.everything()).toEqual(before);
});

test('an adoption that fails half-way leaves nothing', async () => {
  const [primary, second] = trio.servers;
  await trio.sql(primary, 'DROP DATABASE temporal', "DROP USER writer@'%'");
  await trio.sql(second, 'SET SESSION sql_log_bin=0', 'DROP DATABASE errant');
  // The errant transactions go with the binary log that has them.
  const [purged] = await trio.sql(second, 'SELECT @@GLOBAL.gtid_purged AS gtids');
  expect(purged).toBeDefined();
  await rebuildHistory(second);
  const before = await trio.everything();
  await expect(adopt({ hosts: ['nowhere'] })).rejects.toMatchObject({ code: 'InvalidInput' });
  expect(await trio.everything()).toEqual(before);
});

test('a cluster is adopted with the changes that were said beforehand', async () => {
  const report = await adopt<AdoptionReport>({}, true);
  const changed = report.differences.filter(({ verdict }) => verdict === 'changed').map(({ path }) => path);
  expect(report).toMatchObject({ fit: true, primary: `${name}-1` });
  const state = await adopt<ClusterState>({});
  expect(state).toMatchObject({ epoch: 1, primary: `${name}-1`, routers: [{ name: `${name}-router-1` }] });
  expect(changed).toContain(`members.${name}-3.read_only`);
  // Its rules may change as those of any other; its members are others' business.
  await scenario.run('updateCluster', { cluster: name, set: { maxReadLagSeconds: 7 } });
  const { cluster: recorded } = await scenario.findCluster(name);
  expect(recorded).toMatchObject({ revision: 1, definition: { maxReadLagSeconds: 7 }, adoption: { administrator: { user: 'root' } } });
  await expect(scenario.run('removeMember', { cluster: name, member: `${name}-3` })).rejects.toMatchObject({ code: 'PrecheckFailed' });
  const [primary, , third] = trio.servers;
  const [settings] = await trio.sql(third, 'SELECT @@GLOBAL.super_read_only AS fenced, @@GLOBAL.event_scheduler AS events');
  expect(settings).toMatchObject({ fenced: 1, events: 'OFF' });
  const [replica] = await trio.sql(third, 'SHOW REPLICA STATUS');
  expect(replica).toMatchObject({ Source_User: 'repl', Source_Port: primary.port, Replica_IO_Running: 'Yes' });
  // Again: nothing more is done.
  expect(await adopt<ClusterState>({})).toMatchObject({ epoch: 1, primary: `${name}-1` });
  cluster = await scenario.findCluster(name);
  expect(await scenario.drydock.cluster(name)).toMatchObject({ guard: 'watching', primary: { name: `${name}-1` }, credentials: {} });
});

test('a planned pivot under load loses nothing', async () => {
  const password = await scenario.environment.secrets.ensure(passwordRef(name, 'application'));
  await trio.sql(
    trio.servers[0],
    'CREATE DATABASE app',
    `CREATE USER app@'%' IDENTIFIED BY '${password}'`,
    "GRANT ALL ON app.* TO app@'%'",
  );
  const run = await underLoad(cluster, () => scenario.pivot(cluster));
  expect(brokenPromises(run)).toEqual([]);
  expect(run.result).toMatchObject<Partial<PivotResult>>({ from: `${name}-1`, unplanned: false, aside: [] });
  expect(run.after).toMatchObject({ epoch: 2, primary: run.result.to });
});

test('the primary is killed: the fence command proves it, the start command brings it back', async () => {
  const before = await cluster.untilConverged();
  const index = Number(before.primary.slice(-1)) - 1;
  await trio.kill(trio.servers[index] ?? trio.servers[0]);
  await cluster.untilEpoch(before.epoch + 1);
  const id = `pivot/${name}/${before.epoch + 1}`;
  expect(await scenario.drydock.result<PivotResult>(id)).toMatchObject({
    unplanned: true,
    from: before.primary,
    switch: { fence: 'fence-command' },
  });
  const after = await cluster.untilConverged();
  expect(after.primary).not.toBe(before.primary);
});

test('given back, it goes on without drydock', async () => {
  const before = await cluster.untilConverged();
  await expect(scenario.run('deleteCluster', { cluster: name, deleteData: true })).rejects.toMatchObject({ code: 'InvalidInput' });
  const result = await scenario.run<DeletionResult>('deleteCluster', { cluster: name, removeAccounts: true });
  expect(result.removed).toEqual(expect.arrayContaining(['account drydock_op@%', 'account drydock_guard@%', 'schema drydock']));
  // Members were repointed with it.
  expect(result.kept).toContain('account drydock_repl@%');
  await expect(scenario.drydock.cluster(name)).rejects.toMatchObject({ code: 'UnknownCluster' });
  const primary = trio.servers[Number(before.primary.slice(-1)) - 1] ?? trio.servers[0];
  await trio.sql(primary, 'CREATE TABLE app.afterwards (a INT PRIMARY KEY)');
  for (const server of trio.servers) await untilSeen(server, "SHOW TABLES FROM app LIKE 'afterwards'");
});

async function untilSeen(server: Trio['servers'][number], sql: string): Promise<void> {
  await until(sql, 20_000, async () => ((await trio.sql(server, sql)).length > 0 ? server : 'not yet'));
}

/** Errant transactions are forgotten as an operator would: by building its GTID history anew from the primary's. */
async function rebuildHistory(server: Trio['servers'][number]): Promise<void> {
  const [primary] = trio.servers;
  const [row] = await trio.sql(primary, 'SELECT @@GLOBAL.gtid_executed AS gtids');
  const gtids = String(row?.['gtids']);
  // What it has not applied yet would be missing for good.
  await trio.sql(server, `SELECT WAIT_FOR_EXECUTED_GTID_SET('${gtids}', 20)`);
  await trio.sql(server, 'STOP REPLICA', 'RESET MASTER', `SET GLOBAL gtid_purged='${gtids}'`, 'START REPLICA');
  await trio.sql(server, 'SET GLOBAL super_read_only=1');
}
