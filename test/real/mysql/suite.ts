/** What every version must do: run by the files of this folder, one version after the other. */
import { MockActivityEnvironment } from '@temporalio/testing';

import type { MysqlActivities } from '../../../activities/contracts';
import { createMysqlActivities } from '../../../activities/mysql';
import type { Flavor, Session } from '../../../activities/mysql/types';
import type { Purpose } from '../../../schemas/names';
import type { MemberView } from '../../../schemas/observation';
import type { ClusterState, Member } from '../../../schemas/topology';
import { openSession, type Servers, sleep, startServers, type Version } from './kit';

export type Run = <Name extends keyof MysqlActivities>(
  name: Name,
  ...input: Parameters<MysqlActivities[Name]>
) => ReturnType<MysqlActivities[Name]>;

/** Calls activities as a worker would, in the name of one workflow. */
export function runner(servers: Servers, workflowId = 'op/test'): Run {
  const activities = createMysqlActivities(servers.env);
  return ((name: keyof MysqlActivities, ...input: unknown[]) =>
    new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'run' } }).run(
      activities[name] as (...args: unknown[]) => Promise<void>,
      ...input,
    )) as Run;
}

/** A rejected promise's code, errno or name; `none` when it was kept. */
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (error: { type?: string; errno?: number; name: string }) => error.type ?? error.errno ?? error.name,
  );

export function describeVersion(version: Version): void {
  const hasGtid = version.version !== '5.5';
  const person =
    version.engine === 'mysql' && version.version < '5.7'
      ? "GRANT SELECT ON app.* TO 'person'@'10.%' IDENTIFIED BY 'a-pass''word'"
      : "CREATE USER IF NOT EXISTS 'person'@'10.%' IDENTIFIED BY 'a-pass''word'; GRANT SELECT ON app.* TO 'person'@'10.%'";
  const sessions: Session[] = [];
  let servers: Servers;
  let run: Run;
  let state: ClusterState;
  let one: Member;
  let two: Member;
  let three: Member;
  let primary: Session;
  let flavor: Flavor;
  const operate = (member: Member, purpose?: Purpose): Promise<Session> => openSession(servers, sessions, member, purpose);
  const viewOf = async (name: string): Promise<MemberView> => {
    const view = (await run('observeCluster', servers.cluster)).members.find((each) => each.name === name);
    return view as MemberView;
  };
  const eventually = async (condition: () => Promise<boolean>): Promise<void> => {
    for (let attempt = 0; !(await condition()); attempt++) {
      if (attempt > 100) throw new Error('never came true');
      await sleep(50);
    }
  };

  describe(`${version.engine} ${version.version}`, () => {
    beforeAll(async () => {
      servers = await startServers(version);
      run = runner(servers);
      [one, two, three] = servers.members;
    });
    afterAll(async () => {
      for (const session of sessions) session.end();
      await servers?.stop();
    });

    test('a fresh member is read-only and follows nobody; root is gone from afar; again is harmless', async () => {
      await run('initialiseMember', servers.cluster, two);
      const view = await viewOf('db-2');
      expect(view).toMatchObject({ reach: 'answers', readOnly: true, privilegedApplications: [], longWork: [], blockers: [] });
      expect(view.replication).toBeUndefined();
      expect(view.semiSync).toMatchObject({ available: true, sourceEnabled: false, replicaEnabled: version.engine === 'mysql' });
      expect(view.settings).toMatchObject({
        syncBinlog: 1,
        flushLogAtCommit: 1,
        syncRelayLog: 1,
        relayLogRecovery: false,
        logReplicaUpdates: true,
      });
      expect(view.executed?.file?.file).toMatch(/^binlog\.\d+$/);
      expect(await refusal(servers.connect(one, 'root'))).toEqual(expect.any(Number));
    });

    test('the first primary opens with an acknowledger; again answers the same', async () => {
      state = await run('openFirstPrimary', servers.cluster, 'db-1', 'op/test');
      expect(state).toMatchObject({ epoch: 1, primary: 'db-1' });
      expect(await run('openFirstPrimary', servers.cluster, 'db-1', 'op/test')).toMatchObject({ epoch: 1, primary: 'db-1' });
      for (const name of ['db-2', 'db-3']) await run('followPrimary', state, name);
      for (const name of ['db-1', 'db-2', 'db-3']) await run('applyRole', state, name);
      primary = await operate(one);
      flavor = servers.flavor(primary);
      await eventually(async () => (await flavor.semiSync(primary)).clients === 2);
      expect(await viewOf('db-1')).toMatchObject({
        readOnly: false,
        journal: { epoch: 1, primary: 'db-1' },
        settings: { eventScheduler: true },
        semiSync: { sourceEnabled: true, timeoutMs: 4294967295, waitNoReplica: true, required: 1, unacknowledged: 0 },
      });
      expect(await viewOf('db-3')).toMatchObject({
        readOnly: true,
        settings: { eventScheduler: false },
        replication: { receiver: 'running', applier: 'running', sourceAddress: one.address, filtered: false, mayHaveGaps: false },
      });
    });

    test('positions are waited for; what is received and not applied is seen and drained', async () => {
      await primary.query('CREATE TABLE drydock.t (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB');
      await primary.query("INSERT INTO drydock.t VALUES (1, 'one')");
      const replica = await operate(two);
      expect(await flavor.waitApplied(replica, await flavor.executed(primary), 3000)).toBe(true);
      await replica.query(version.version === '9.7' ? 'STOP REPLICA SQL_THREAD' : 'STOP SLAVE SQL_THREAD');
      await primary.query("INSERT INTO drydock.t VALUES (2, 'two')");
      const position = await flavor.executed(primary);
      const began = Date.now();
      expect(await flavor.waitApplied(replica, position, 300)).toBe(false);
      expect(Date.now() - began).toBeLessThan(1500);
      await eventually(async () => {
        const view = await flavor.replication(replica);
        return view?.received.file?.position === position.file?.position;
      });
      expect(await flavor.replication(replica)).toMatchObject({ applier: 'stopped', receiver: 'running', drained: false });
      if (hasGtid) expect((await flavor.replication(replica))?.received.gtid).toBe(position.gtid);
      if (version.engine === 'mysql') {
        await flavor.stopReceiver(replica);
        expect(await flavor.waitDrained(replica, 100)).toBe(false);
        await flavor.startApplier(replica);
        expect(await flavor.waitDrained(replica, 3000)).toBe(true);
        expect(await replica.query('SELECT id FROM drydock.t ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
      } else await flavor.startApplier(replica);
      await run('followPrimary', state, 'db-2');
      expect(await flavor.waitApplied(replica, position, 3000)).toBe(true);
      expect(await flavor.waitApplied(replica, await flavor.executed(primary), 3000)).toBe(true);
    });

    test('an applier that stopped by an error rejects the wait at once', async () => {
      const replica = await operate(two);
      await flavor.openForOperation(replica);
      await replica.query('SET SESSION sql_log_bin=0');
      await replica.query("INSERT INTO drydock.t VALUES (3, 'three')");
      await primary.query("INSERT INTO drydock.t VALUES (3, 'drei')");
      const position = await flavor.executed(primary);
      const began = Date.now();
      expect(await refusal(flavor.waitApplied(replica, position, 20_000))).toBe('MemberDiverged');
      expect(Date.now() - began).toBeLessThan(5000);
      expect((await viewOf('db-2')).replication?.applierError?.code).toBe(1062);
      expect(await refusal(flavor.waitDrained(replica, 5000))).toBe('MemberDiverged');
      await replica.query('DELETE FROM drydock.t WHERE id = 3');
      await flavor.setReadOnly(replica);
      await flavor.startApplier(replica);
      expect(await flavor.waitApplied(replica, position, 3000)).toBe(true);
    });

    test('applications are seen, and killed at once', async () => {
      const application = await operate(one, 'application');
      await application.query('CREATE TABLE app.t (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB');
      await application.query('START TRANSACTION');
      await application.query("INSERT INTO app.t VALUES (10, 'ten')");
      const idle = await operate(one, 'application');
      await sleep(150);
      const seen = await flavor.applicationSessions(primary);
      expect(seen.find((each) => each.connectionId === application.connectionId)).toMatchObject({
        user: 'app',
        inTransaction: true,
        executing: false,
      });
      expect(seen.find((each) => each.connectionId === idle.connectionId)).toMatchObject({ inTransaction: false });
      expect(seen).toHaveLength(2);
      const killed = Date.now();
      await flavor.kill(primary, [...seen.map((each) => each.connectionId), 999_999]);
      await Promise.all([application.closed, idle.closed]);
      expect(Date.now() - killed).toBeLessThan(1000);
      expect(application.open).toBe(false);
      expect(await primary.query('SELECT id FROM app.t WHERE id = 10')).toEqual([]);
      expect(await refusal(operate(two, 'application').then((session) => session.query("INSERT INTO app.t VALUES (11, 'x')")))).toBe(1290);
    });

    test('a fence for a quiet moment does nothing beside a running statement, else it is there and clients are closed', async () => {
      const fencing = await servers.connect(one, 'operation', true);
      sessions.push(fencing);
      const [busy, idle] = [await operate(one, 'application'), await operate(one, 'application')];
      const statement = busy.query('SELECT SLEEP(1)');
      await sleep(200);
      expect(await flavor.fenceIfQuiet(fencing, [busy.connectionId, idle.connectionId])).toBe(false);
      expect((await flavor.readOnly(primary)).readOnly).toBe(false);
      await statement;
      expect([busy.open, idle.open]).toEqual([true, true]);
      expect(await flavor.fenceIfQuiet(fencing, [busy.connectionId, idle.connectionId])).toBe(true);
      await Promise.all([busy.closed, idle.closed]);
      expect(await flavor.readOnly(primary)).toEqual({ readOnly: true, superReadOnly: flavor.superReadOnly });
      await flavor.setWritable(primary);
    });

    test('read-only waits for nobody longer than its bound, and a refused one is not set later', async () => {
      const holder = await operate(one);
      await holder.query('LOCK TABLES drydock.t WRITE');
      const other = await operate(one);
      const began = Date.now();
      // MariaDB and 5.5 do not wait for table locks.
      const answer = await refusal(flavor.setReadOnly(other, 1000));
      expect(Date.now() - began).toBeLessThan(2000);
      await holder.query('UNLOCK TABLES');
      await sleep(100);
      expect((await flavor.readOnly(primary)).readOnly).toBe(answer === 'none');
      expect(['none', 1205]).toContain(answer);
      await flavor.setWritable(primary);
    });

    test('what holds up writes is named: a missing acknowledgement, a global read lock, a metadata lock', async () => {
      const beat = async (): Promise<Session> => {
        const guard = await operate(one, 'guard');
        guard.query('INSERT INTO drydock.heartbeat VALUES (1, 1) ON DUPLICATE KEY UPDATE at = at + 1').catch(() => undefined);
        await sleep(300);
        return guard;
      };
      const kinds = async (): Promise<string[]> => ((await viewOf('db-1')).blockers ?? []).map(({ kind }) => kind);
      const replicas = [await operate(two), await operate(three)];
      for (const replica of replicas) await flavor.stopReceiver(replica);
      const waiting = await beat();
      expect(await kinds()).toEqual(['acknowledgement']);
      expect((await viewOf('db-1')).semiSync?.waiting).toBe(1);
      expect(await refusal(flavor.disableSemiSyncSource(primary))).toBe('NoAcknowledger');
      for (const name of ['db-2', 'db-3']) await run('followPrimary', state, name);
      await eventually(async () => (await flavor.semiSync(primary)).waiting === 0);
      waiting.end();

      const locker = await operate(one);
      await locker.query('FLUSH TABLES WITH READ LOCK');
      const blocked = await beat();
      expect(await kinds()).toEqual(['global-read-lock']);
      await locker.query('UNLOCK TABLES');
      blocked.end();

      await locker.query('START TRANSACTION');
      await locker.query('SELECT * FROM drydock.heartbeat');
      const ddl = await operate(one);
      const altered = ddl.query('ALTER TABLE drydock.heartbeat COMMENT = ""');
      await sleep(200);
      expect(await kinds()).toEqual(['metadata-lock']);
      await locker.query('COMMIT');
      await altered;
    });

    test('events run on the primary only', async () => {
      await primary.query("CREATE EVENT app.tick ON SCHEDULE EVERY 1 HOUR DO INSERT INTO drydock.t VALUES (100, 'tick')");
      const replica = await operate(two);
      expect(await flavor.waitApplied(replica, await flavor.executed(primary), 3000)).toBe(true);
      const status = async (session: Session): Promise<unknown> =>
        (await session.query<{ s: string }>("SELECT STATUS AS s FROM information_schema.EVENTS WHERE EVENT_NAME = 'tick'"))[0]?.s;
      expect(await status(replica)).toMatch(/^(SLAVESIDE|REPLICA_SIDE)_DISABLED$/);
      expect(await status(primary)).toBe('ENABLED');
    });

    test('settings that were changed by hand are put back', async () => {
      const replica = await operate(three);
      await replica.query('SET GLOBAL sync_binlog=0');
      await replica.query('SET GLOBAL event_scheduler=ON');
      await run('applyRole', state, 'db-3');
      expect((await viewOf('db-3')).settings).toMatchObject({ syncBinlog: 1, eventScheduler: false });
    });

    test('a replica that was left not acknowledging acknowledges again', async () => {
      const clients = (count: number): Promise<void> => eventually(async () => (await flavor.semiSync(primary)).clients === count);
      const replica = await operate(three);
      for (const heal of ['applyRole', 'followPrimary'] as const) {
        await flavor.setSemiSyncReplica(replica, false);
        await clients(1);
        expect((await viewOf('db-3')).semiSync?.replicaEnabled).toBe(false);
        await run(heal, state, 'db-3');
        await clients(2);
        expect((await viewOf('db-3')).semiSync?.replicaEnabled).toBe(true);
      }
    });

    test('a change of primary by the verbs; the others and the old one follow; a stale epoch is refused', async () => {
      const old = primary;
      await flavor.setReadOnly(old);
      const end = await flavor.executed(old);
      const next = await operate(two);
      expect(await flavor.waitApplied(next, end, 3000)).toBe(true);
      await flavor.stopReplication(next);
      const opened = await flavor.ownBinlog(next);
      const third = await operate(three);
      if (!hasGtid) expect(await flavor.waitApplied(third, end, 3000)).toBe(true);
      const password = await servers.env.secrets.read('clusters/lab/replication');
      await flavor.enableSemiSyncSource(next, 1);
      const source = { address: two.address, port: two.port, user: 'drydock_repl', password };
      await flavor.follow(third, source, opened);
      await flavor.follow(third, source, opened);
      await eventually(async () => (await flavor.semiSync(next)).clients === 1).catch(async (e) => {
        console.log(
          JSON.stringify([
            await flavor.semiSync(next),
            await flavor.replication(third),
            await next.query('SHOW PROCESSLIST'),
            await third.query('SHOW GLOBAL STATUS LIKE "rpl_semi%"'),
            await third.query('SELECT @@rpl_semi_sync_slave_enabled'),
          ]),
        );
        throw e;
      });
      await flavor.openForOperation(next);
      await next.query(
        'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (2, ?, ?, ?, ?, ?)',
        ['db-2', 'op', 'test', opened.file, opened.position],
      );
      await flavor.setWritable(next);
      expect(await flavor.waitApplied(third, await flavor.executed(next), 3000)).toBe(true);
      expect(await refusal(run('followPrimary', state, 'db-3'))).toBe('StaleEpoch');
      expect(await refusal(run('applyRole', state, 'db-1'))).toBe('ExpectationFailed');
      state = { ...state, epoch: 2, primary: 'db-2' };
      expect(await run('compareWithPrimary', state, 'db-1')).toMatchObject({ rejoin: 'safe' });
      await Promise.all([run('applyRole', state, 'db-2'), run('followPrimary', state, 'db-3'), run('followPrimary', state, 'db-1')]);
      for (const name of ['db-1', 'db-3']) await run('applyRole', state, name);
      await next.query("INSERT INTO drydock.t VALUES (20, 'after')");
      const position = await flavor.executed(next);
      expect(await flavor.waitApplied(old, position, 3000)).toBe(true);
      expect(await flavor.waitApplied(third, position, 3000)).toBe(true);
      expect(await viewOf('db-1')).toMatchObject({
        readOnly: true,
        semiSync: { sourceEnabled: false },
        journal: { epoch: 2, primary: 'db-2' },
      });
      expect((await viewOf('db-1')).errant).toBeUndefined();
      primary = next;
      const status = await next.query<{ s: string }>("SELECT STATUS AS s FROM information_schema.EVENTS WHERE EVENT_NAME = 'tick'");
      expect(status[0]?.s).toBe('ENABLED');
    });

    if (!hasGtid)
      test('a former primary whose stored source is the primary again: safe without writes of its own, else refused', async () => {
        // Leaves `from` with what `to` has received, opens `to`, and answers what `from` is taken for then.
        const change = async (from: Member, to: Member, stray?: string): Promise<Session> => {
          const [old, next] = [await operate(from), await operate(to)];
          await flavor.setReadOnly(old);
          expect(await flavor.waitApplied(next, await flavor.executed(old), 3000)).toBe(true);
          await flavor.stopReplication(next);
          await flavor.disableSemiSyncSource(old);
          if (stray) await old.query(stray);
          const opened = await flavor.ownBinlog(next);
          state = { ...state, epoch: state.epoch + 1, primary: to.name };
          await next.query(
            'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (?, ?, ?, ?, ?, ?)',
            [state.epoch, to.name, 'op', 'test', opened.file, opened.position],
          );
          await flavor.setWritable(next);
          await next.query('REPLACE INTO drydock.t VALUES (30, ?)', [to.name]);
          return next;
        };
        const back = await change(two, one);
        expect((await flavor.replication(await operate(two)))?.sourceAddress).toBe(one.address);
        expect(await run('compareWithPrimary', state, 'db-2')).toMatchObject({ rejoin: 'safe' });
        await run('followPrimary', state, 'db-2');
        await run('followPrimary', state, 'db-2');
        expect(await flavor.waitApplied(await operate(two), await flavor.executed(back), 3000)).toBe(true);
        expect((await viewOf('db-2')).journal).toEqual({ epoch: 3, primary: 'db-1' });

        primary = await change(one, two, "INSERT INTO drydock.t VALUES (31, 'never acknowledged')");
        expect((await flavor.replication(await operate(one)))?.sourceAddress).toBe(two.address);
        expect(await run('compareWithPrimary', state, 'db-1')).toMatchObject({ rejoin: 'rebuild' });
        expect(await refusal(run('followPrimary', state, 'db-1'))).toBe('PrecheckFailed');
        await run('applyRole', state, 'db-2');
        await run('followPrimary', state, 'db-3');
      });

    if (hasGtid)
      test('a write on a replica is found, decoded and kept, and such a member is refused', async () => {
        const replica = await operate(one);
        await flavor.openForOperation(replica);
        await replica.query("INSERT INTO drydock.t VALUES (666, 'stray')");
        await flavor.setReadOnly(replica);
        await primary.query("INSERT INTO drydock.t VALUES (21, 'later')");
        expect((await viewOf('db-1')).errant).toBeTruthy();
        expect((await viewOf('db-3')).errant).toBeUndefined();
        const comparison = await run('compareWithPrimary', state, 'db-1');
        expect(comparison).toMatchObject({ rejoin: 'diverged', errant: expect.any(String) as string });
        expect(comparison.kept).toMatch(/drydock-errant-epoch-2\.sql$/);
        const kept = await servers.fileOf(one, '/var/lib/mysql/drydock-errant-epoch-2.sql');
        expect(kept).toContain("@2='stray'");
        expect(kept).not.toContain("@2='later'");
        expect(await refusal(run('followPrimary', state, 'db-1'))).toBe('MemberDiverged');
      });

    test.each([
      ['a replica', 'db-3'],
      ['the primary', 'db-2'],
    ])('an empty member is seeded from %s under writes, and follows with nothing of its own', async (_what, donor) => {
      const writer = await operate(two);
      await servers.asRoot(two, person);
      let number = 1000;
      let writing = true;
      const writes = (async () => {
        while (writing) await writer.query('REPLACE INTO drydock.t VALUES (?, ?)', [number++, "quote ' back \\ ünï"]);
      })();
      try {
        await servers.renew(one);
        const report = await run('seedMember', state, 'db-1', donor);
        expect(report.bytes).toBeGreaterThan(1000);
        expect(await run('seedMember', state, 'db-1', donor)).toEqual({ bytes: 0, seconds: 0 });
      } finally {
        writing = false;
        await writes;
      }
      const copy = await operate(one);
      expect(await flavor.waitApplied(copy, await flavor.executed(writer), 10_000)).toBe(true);
      const content = 'SELECT COUNT(*) AS n, SUM(id) AS s, SUM(CRC32(v)) AS c FROM drydock.t';
      expect(await copy.query(content)).toEqual(await writer.query(content));
      expect(await copy.query('SELECT COUNT(*) AS n FROM drydock.journal')).toEqual([{ n: state.epoch }]);
      expect(await copy.query("SELECT COUNT(*) AS n FROM mysql.user WHERE User = 'person'")).toEqual([{ n: 1 }]);
      expect(await viewOf('db-1')).toMatchObject({ readOnly: true, replication: { receiver: 'running', applier: 'running' } });
      expect((await viewOf('db-1')).errant).toBeUndefined();
      expect((await viewOf('db-3')).replication).toMatchObject({ applier: 'running' });
      expect(await run('compareWithPrimary', state, 'db-1')).toMatchObject({ rejoin: 'safe' });
      await run('applyRole', state, 'db-1');
      const left = await servers.fileOf(one, '/run/drydock-seed-root.cnf');
      expect(left).toMatch(/No such file/i);
    });
  });
}
