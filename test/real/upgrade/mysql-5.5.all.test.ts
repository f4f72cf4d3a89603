import { flavorOf } from '../../../activities/mysql/flavors';
import { prepareReader } from '../../../activities/mysql/equality/reader';
import { readTables } from '../../../activities/mysql/equality/read-tables';
import { digestQuery, nameOf } from '../../../activities/mysql/equality/table';
import { createConnect } from '../../../activities/mysql/session';
import type { Session } from '../../../activities/mysql/types';
import { accounts } from '../../../schemas/names';
import type { Member } from '../../../schemas/topology';
import { asRoot, describePair, fill, leftOf, pausedRehearsal, trialOf } from './suite';

jest.setTimeout(240_000);

const pair = { engine: 'mysql' as const, from: '5.5', to: '5.6', recipes: ['physical' as const, 'logical' as const], zeroDates: true };

/** A digest of every table, by its name. */
async function contentOf(member: Member, session: Session): Promise<Record<string, unknown>> {
  const reader = await prepareReader(member, session);
  const content: Record<string, unknown> = {};
  for (const table of await readTables(reader.session)) {
    const [row] = await reader.session.query<Record<string, unknown>>(digestQuery(table, undefined, { after: null, upTo: null }));
    content[nameOf(table)] = Object.values(row ?? {}).map(String);
  }
  return content;
}

describePair(pair, {}, ({ scenario }) => {
  test('backwards: the old primary of 5.5 applies all that a new one of 5.6 writes, and holds the same data', async () => {
    const cluster = await scenario().createCluster({ engine: 'mysql', version: '5.5', durability: 'async', replicas: 1, name: 'back' });
    await fill(cluster, pair);
    const id = await pausedRehearsal(scenario(), { cluster: cluster.name, to: { version: '5.6' } });
    const trial = await trialOf(scenario(), cluster);
    const old = cluster.member((await cluster.state()).primary);
    const connect = createConnect(scenario().environment);
    const options = { purpose: 'operation', connectTimeoutMs: 2000, queryTimeoutMs: 60_000 } as const;
    const [before, after] = [await connect(cluster.name, old, options), await connect(cluster.name, trial, options)];
    try {
      const [from, to] = [flavorOf(before), flavorOf(after)];
      // What a cut-over does, by hand.
      await from.setReadOnly(before, 10_000);
      expect(await to.waitApplied(after, { file: await from.ownBinlog(before) }, 30_000)).toBe(true);
      await to.stopReplication(after);
      const place = await to.ownBinlog(after);
      await to.setWritable(after);
      const source = {
        address: trial.address,
        port: trial.port,
        user: accounts.replication,
        password: await cluster.password('replication'),
      };
      await from.follow(before, source, place);
      const columns = 'tiny, big, amount, ratio, part, name, latin, note, raw, bits, kind, flags, day, at, since, clock, y';
      await asRoot(
        scenario(),
        trial.container,
        [
          'USE app',
          `INSERT INTO kinds (id, ${columns}) SELECT id + 100, ${columns} FROM kinds`,
          "UPDATE kinds SET at = '2026-11-26 10:11:12', since = NOW(), clock = '11:12:13', day = CURDATE(), part = part * 3, note = CONCAT(note, '✓') WHERE id > 100",
          'UPDATE kinds SET at = NULL WHERE id = 101',
          'DELETE FROM kinds WHERE id = 2',
          "START TRANSACTION; INSERT INTO many (word) SELECT CONCAT(word, 'x') FROM many WHERE LENGTH(word) < 30 LIMIT 2000; UPDATE many SET word = UPPER(word) WHERE id % 3 = 0; COMMIT",
          'ALTER TABLE many ADD COLUMN added INT NULL',
          'INSERT INTO many (word, added) VALUES (RAND(), 7)',
          "CREATE TABLE fresh (id INT PRIMARY KEY, word VARCHAR(20)) ENGINE=InnoDB; INSERT INTO fresh VALUES (1, 'Zoë')",
        ].join('; '),
      );
      expect(await from.waitApplied(before, { file: await to.ownBinlog(after) }, 60_000)).toBe(true);
      const view = await from.replication(before);
      expect(view).toMatchObject({ sourceAddress: trial.address, applier: 'running', receiver: 'running' });
      const content = await contentOf(old, before);
      expect(Object.keys(content)).toEqual(expect.arrayContaining(['app.fresh', 'app.kinds', 'app.many']));
      expect(content).toEqual(await contentOf(trial, after));
    } finally {
      before.end();
      after.end();
    }
    await scenario().drydock.control(id, 'abort', { by: 'test' });
    expect(await scenario().failureOf(id)).toMatchObject({ code: 'Aborted' });
    expect(await leftOf(scenario(), cluster)).toEqual([]);
  });
});
