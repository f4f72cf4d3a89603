/** What a watch concludes on real servers: how soon it is sure of a death, and what is none. The same for every version. */
import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';

import { reopenPrimary } from '../../../activities/guard/reopen';
import type { Session } from '../../../activities/mysql/types';
import type { Diagnosis, WatchReport } from '../../../schemas/guard';
import { sleep, type Version } from '../mysql/kit';
import { names, startWatched, type Watched } from './kit';

const execute = promisify(execFile);

/** Whatever a living primary suffers from, none of these may be said. */
const deaths: Diagnosis[] = ['PrimaryDead', 'PrimaryDeadAndSomeReplicas', 'PrimaryHung', 'AllMembersDead'];

const saidIn = (reports: WatchReport[]): Set<Diagnosis> => new Set(reports.flatMap(names) as Diagnosis[]);
const expectAlive = (reports: WatchReport[]): void => {
  for (const death of deaths) expect([...saidIn(reports)]).not.toContain(death);
};
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const tell = (what: string, values: number[]): void => {
  process.stdout.write(`${what}: ${values.map((value) => Math.round(value)).join(', ')} ms; median ${Math.round(median(values))} ms\n`);
};

export function watchSuite(which: Version): void {
  describe(`the watch of ${which.engine} ${which.version}`, () => {
    let lab: Watched;
    const sessions: Session[] = [];
    beforeAll(async () => {
      lab = await startWatched(which, { settings: { max_connections: '40' } });
    });
    afterAll(async () => {
      for (const session of sessions) session.end();
      await lab?.stop();
    });
    const session = async (index: 0 | 1 | 2 = 0): Promise<Session> => {
      const opened = await lab.servers.connect(lab.servers.members[index]);
      sessions.push(opened);
      return opened;
    };

    /** Starts a watch, lets it settle, does `deed`, and gives the first report after it and its time. */
    const after = async (deed: () => Promise<unknown>): Promise<{ report: WatchReport; ms: number }> => {
      const controller = new AbortController();
      const watching = lab.watch({}, controller.signal);
      await Promise.race([watching, sleep(2500)]);
      const at = performance.now();
      const done = deed();
      const report = await watching;
      const ms = performance.now() - at;
      await done;
      return { report, ms };
    };

    /** Whatever a test left behind must not fail the next one. */
    beforeEach(async () => {
      for (const each of sessions.splice(0)) each.end();
      await lab.revive();
    });

    it('says nothing of a healthy cluster', async () => {
      expect(await lab.watchFor(5000)).toEqual([]);
    });

    it('is sure of a killed primary in a fraction of a second', async () => {
      const times: number[] = [];
      for (let round = 0; round < 5; round++) {
        const { report, ms } = await after(() => lab.servers.container(lab.servers.members[0]).kill());
        expect(names(report)).toEqual(['PrimaryDead']);
        expect(report.observation.members.slice(1).map(({ reach, executed }) => [reach, executed !== undefined])).toEqual([
          ['answers', true],
          ['answers', true],
        ]);
        times.push(ms);
        await lab.revive();
        await sleep(500);
      }
      tell('killed to sure', times);
      expect(median(times)).toBeLessThan(300);
    });

    it('is sure of a killed primary that restarts at once', async () => {
      const { report } = await after(() => lab.servers.container(lab.servers.members[0]).restart({ t: 0 }));
      expect(names(report)).toEqual(['PrimaryDead']);
      const later = await lab.watchFor(15_000, { known: report.findings });
      expect(later.at(-1)?.findings).toMatchObject([{ diagnosis: 'PrimaryReadOnly', restarted: true }]);
      await lab.revive();
      expect(await lab.watchFor(3000)).toEqual([]);
    });

    it('is sure of a hung primary within 2.5 s, and sees it wake up', async () => {
      const times: number[] = [];
      for (let round = 0; round < 2; round++) {
        const container = lab.servers.container(lab.servers.members[0]);
        const { report, ms } = await after(() => container.pause());
        await container.unpause();
        expect(names(report)).toEqual(['PrimaryHung']);
        times.push(ms);
        const [awake] = await lab.watchFor(5000, { known: report.findings });
        expect(awake?.findings).toEqual([]);
      }
      tell('hung to sure', times);
      expect(Math.max(...times)).toBeLessThan(2500);
    });

    it('is sure of a primary that was cut off from everybody', async () => {
      const [primary] = lab.servers.members;
      const network = lab.servers.container(primary);
      const info = await network.inspect();
      const [name] = Object.keys(info.NetworkSettings.Networks);
      const disconnect = (): Promise<unknown> => execute('docker', ['network', 'disconnect', name ?? '', primary.container]);
      const { report, ms } = await after(disconnect);
      await execute('docker', ['network', 'connect', '--ip', primary.address, name ?? '', primary.container]);
      expect(names(report)).toEqual(['PrimaryHung']);
      tell('cut off to sure', [ms]);
      await sleep(3000);
      expect(names((await lab.watchFor(3000)).at(-1))).toEqual([]);
    });

    it('does nothing when it is itself cut off: from the primary, and from all', async () => {
      const drop = async (deed: '-I' | '-D', addresses: string[]): Promise<void> => {
        for (const address of addresses) await execute('iptables', [deed, 'OUTPUT', '-d', address, '-j', 'DROP']);
      };
      const all = lab.servers.members.map(({ address }) => address);
      for (const [addresses, expected] of [
        [all.slice(0, 1), 'PrimaryUnreachableReplicasReplicating'],
        [all, 'NoQuorumOfSight'],
      ] as const) {
        await drop('-I', addresses);
        try {
          const reports = await lab.watchFor(9000);
          expectAlive(reports);
          expect([...saidIn(reports)]).toContain(expected);
        } finally {
          await drop('-D', addresses);
        }
        await sleep(1500);
      }
    });

    it('does not take FLUSH TABLES WITH READ LOCK for a death', async () => {
      const locker = await session();
      await locker.query('FLUSH TABLES WITH READ LOCK');
      const reports = await lab.watchFor(10_000);
      await locker.query('UNLOCK TABLES');
      expectAlive(reports);
      expect([...saidIn(reports)]).toEqual(['PrimaryBlocked']);
      expect(names((await lab.watchFor(5000, { known: reports.at(-1)?.findings ?? [] })).at(-1))).toEqual([]);
    });

    it('does not take a table lock on its own table for a death', async () => {
      const locker = await session();
      await locker.query('LOCK TABLES drydock.heartbeat WRITE');
      const reports = await lab.watchFor(7000);
      await locker.query('UNLOCK TABLES');
      expectAlive(reports);
      expect([...saidIn(reports)]).toEqual(['PrimaryBlocked']);
    });

    it('does not take DDL for a death', async () => {
      const [primary] = lab.servers.members;
      const [reader, writer] = [await lab.servers.connect(primary, 'application'), await lab.servers.connect(primary, 'application')];
      sessions.push(reader, writer);
      await reader.query('CREATE TABLE IF NOT EXISTS app.orders (id INT PRIMARY KEY) ENGINE=InnoDB');
      await reader.query('BEGIN');
      await reader.query('SELECT * FROM app.orders');
      const altering = writer.query('ALTER TABLE app.orders ADD COLUMN note INT', [], 30_000);
      const reports = await lab.watchFor(6000);
      await reader.query('COMMIT');
      await altering;
      expectAlive(reports);
    });

    it('does not take Too many connections for a death', async () => {
      const controller = new AbortController();
      const watching = lab.watch({}, controller.signal);
      await sleep(2000);
      // Applications have no privilege to use the connection that is kept free for administrators.
      const many: Session[] = [];
      for (let count = 0; count < 60; count++) {
        try {
          many.push(await lab.servers.connect(lab.servers.members[0], 'replication'));
        } catch {
          break;
        }
      }
      expect(many.length).toBeLessThan(60);
      const report = await Promise.race([watching, sleep(5000)]);
      // A watch that begins now gets no connection at all, and is told so by a living server.
      const late = await lab.watchFor(5000);
      controller.abort();
      for (const each of many) each.end();
      expect(report).toBeUndefined();
      expectAlive(late);
      expect([...saidIn(late)]).toEqual(['PrimaryBusy']);
      await sleep(500);
    });

    it('does not take the loss of all acknowledgers for a death', async () => {
      const stopped: Session[] = [await session(1), await session(2)];
      for (const each of stopped) await lab.servers.flavor(each).stopReceiver(each);
      const reports = await lab.watchFor(8000);
      expectAlive(reports);
      expect([...saidIn(reports)].sort()).toEqual(['MemberNotFollowing', 'NoAcknowledger']);
      for (const index of [1, 2] as const) await lab.servers.follow(lab.servers.members[index], lab.servers.members[0]);
      expect(names((await lab.watchFor(6000, { known: reports.at(-1)?.findings ?? [] })).at(-1))).toEqual([]);
    });

    it('keeps quiet when its connections are killed one and all', async () => {
      const killer = await session();
      const controller = new AbortController();
      const watching = lab.watch({}, controller.signal);
      await sleep(2000);
      const list = await killer.query<{ id: number }>(
        "SELECT id AS id FROM information_schema.processlist WHERE user LIKE 'drydock_guard%'",
      );
      expect(list.length).toBeGreaterThanOrEqual(3);
      for (const { id } of list) await killer.query(`KILL ${id}`);
      const report = await Promise.race([watching, sleep(3000)]);
      controller.abort();
      expect(report).toBeUndefined();
    });

    it('tells a stopped replica and what the engine says of it', async () => {
      const container = lab.servers.container(lab.servers.members[2]);
      const { report, ms } = await after(() => container.kill());
      tell('replica killed to told', [ms]);
      setTimeout(() => void container.start().catch(() => undefined), 6000);
      expect(report.findings.map(({ diagnosis, member }) => `${diagnosis}:${member ?? ''}`)).toContain('ReplicaDown:db-3');
      const later = await lab.watchFor(4000);
      expectAlive(later);
      expect(later.at(-1)?.observation.members[2]?.container).toBe('stopped');
    });

    it('opens a restarted primary again only when a majority answers and nobody knows a later epoch', async () => {
      const { env, members, cluster } = lab.servers;
      await sleep(3000);
      const replica = await session(1);
      const flavor = lab.servers.flavor(replica);
      await flavor.stopReplication(replica);
      await flavor.openForOperation(replica);
      await replica.query("INSERT INTO drydock.journal (epoch, primary_name, operation, reason) VALUES (2, 'db-2', 'test', 'test')");
      await lab.servers.container(members[0]).restart({ t: 0 });
      let refusal: unknown;
      for (let tries = 0; tries < 50; tries++) {
        refusal = await reopenPrimary(env, lab.state, 'guard/lab', 1).catch((error: unknown) => error);
        if ((refusal as { type?: string }).type === 'StaleEpoch') break;
        await sleep(300);
      }
      expect(refusal).toMatchObject({ type: 'StaleEpoch' });
      const primary = await session(0);
      expect(await lab.servers.flavor(primary).readOnly(primary)).toMatchObject({ readOnly: true });
      const moved = await lab.watch({ state: { ...lab.state, ...cluster, routers: [] } });
      expect(['changed', 'epoch-moved']).toContain(moved.kind);
    });
  });
}
