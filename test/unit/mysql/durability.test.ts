import { settingProblems, wantedOf } from '../../../activities/mysql/durability';
import type { MemberView } from '../../../schemas/observation';

const view = (syncRelayLog: number | null): MemberView => ({
  name: 'shop-2',
  reach: 'answers',
  container: 'running',
  settings: {
    syncBinlog: 1,
    flushLogAtCommit: 1,
    syncRelayLog,
    relayLogRecovery: false,
    logReplicaUpdates: true,
    binlogFormat: 'ROW',
    eventScheduler: false,
  },
});

const wanted = (engine: 'mysql' | 'mariadb', version: string, durability: 'async' | 'semi-sync', adopted = false) =>
  wantedOf({ engine, version, durability }, adopted ? { adopted: {} as never } : {});

test.each([
  ['mysql', '8.0', 'semi-sync', ['member shop-2.sync_relay_log']],
  ['mysql', '8.0', 'async', []],
  ['mysql', '5.5', 'async', ['member shop-2.sync_relay_log']],
  ['mariadb', '10.11', 'semi-sync', ['member shop-2.sync_relay_log']],
  ['mariadb', '10.11', 'async', []],
] as const)('a relay log that is not synced: %s %s, %s', (engine, version, durability, paths) => {
  expect(settingProblems(view(10_000), wanted(engine, version, durability)).map(({ path }) => path)).toEqual(paths);
  expect(settingProblems(view(1), wanted(engine, version, durability))).toEqual([]);
  expect(settingProblems(view(null), wanted(engine, version, durability))).toEqual([]);
});

test('only members of async clusters that others made are accepted as they are', () => {
  expect(wanted('mysql', '8.0', 'semi-sync', true).insist).toBe(true);
  expect(wanted('mysql', '8.0', 'async', true).insist).toBe(false);
  expect(wanted('mysql', '8.0', 'async').insist).toBe(true);
});
