import { parseOptions } from '../../../bench/guard/options';
import { type GuardResult, judge, tableOf } from '../../../bench/guard/result';
import { answerTo } from '../../../bench/guard/simulated/answers';
import { clusterAt, SimulatedCluster } from '../../../bench/guard/simulated/cluster';

const usage = { cpuPercent: 40, busiestPercent: 60, residentMb: 400, mostResidentMb: 410 };
const result: GuardResult = {
  date: '2026-11-26T00:00:00.000Z',
  clusters: 200,
  cores: 2,
  memoryGiB: 24,
  loadBefore: 0.1,
  startSeconds: 20,
  measuredSeconds: 180,
  usages: { 'worker-1': usage, temporal: usage },
  seen: [
    { cluster: 'sim-001', fault: 'killed', firstSignMs: 2, pivotMs: 40 },
    { cluster: 'sim-002', fault: 'hangs' },
  ],
  perGuard: {
    statementsPerSecond: 14,
    connectionsPerSecond: 0,
    routerHandshakesPerSecond: 0.2,
    eventsPerHour: 180,
    historyBytesPerHour: 300_000,
  },
};

test('a death that was not seen misses its budget', () => {
  expect(judge(result).map(({ what, kept }) => [what, kept])).toEqual([
    ['worker-1, resident', true],
    ['worker-1, of one core', true],
    ['primary killed until its pivot was started, worst', true],
    ['primary hangs until its pivot was started, worst', false],
  ]);
  expect(tableOf(result)).toContain('| killed | 1 | 2 / 2 / 2 | 40 / 40 / 40 | 0 |');
});

test('options are read, and what is not understood is named', () => {
  expect(parseOptions([], 'out')).toMatchObject({ clusters: 200, seconds: 180 });
  expect(() => parseOptions(['--clusters', '0'], 'out')).toThrow('--clusters must be a whole number from 1, found 0');
});

test('a simulated primary takes the heartbeat, its replicas have it, and lose a primary that was killed', () => {
  const cluster = new SimulatedCluster(clusterAt('sim-001', [1, 2, 3], 4), '3e11fa47-71ca-11e1-9e33-c80aa9429562');
  const [primary, replica] = cluster.cluster.members;
  if (!primary || !replica) throw new Error('no members');
  answerTo(cluster, primary, 'INSERT INTO drydock.heartbeat (id, `at`) VALUES (1, 77) ON DUPLICATE KEY UPDATE `at` = 77');
  expect(answerTo(cluster, replica, 'SELECT `at` AS `at` FROM drydock.heartbeat WHERE id = 1')).toEqual([{ at: 77 }]);
  expect(answerTo(cluster, replica, 'SHOW REPLICA STATUS')).toMatchObject([{ Replica_IO_Running: 'Yes' }]);
  cluster.becomes(primary.name, 'killed');
  expect(answerTo(cluster, replica, 'SHOW REPLICA STATUS')).toMatchObject([{ Replica_IO_Running: 'Connecting', Last_IO_Errno: 2003 }]);
  expect(answerTo(cluster, replica, 'DROP TABLE t')).toBeUndefined();
});
