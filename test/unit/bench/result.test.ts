import type { Sample } from '../../../bench/pivot/cases';
import { parseOptions } from '../../../bench/pivot/options';
import { casesOf, tableOf } from '../../../bench/pivot/result';
import { judge, spreadOf } from '../../../bench/pivot/statistics';

const sample = (change: Partial<Sample>): Sample => ({
  kind: 'planned',
  durability: 'semi-sync',
  who: 'engine',
  run: 1,
  from: 'db-1',
  to: 'db-2',
  longestWriteMs: 60,
  longestWithRetryMs: 70,
  gapMs: 65,
  medianWriteMs: 2,
  rawErrors: {},
  rawErrorCount: 0,
  errorsAfterRetry: 0,
  executedDespiteError: 0,
  acknowledged: 400,
  lost: 0,
  movedMs: 60,
  convergedMs: 300,
  steps: [],
  parts: [],
  ...change,
});

it.each([
  [[3, 1, 2], { min: 1, median: 2, max: 3 }],
  [[4, 1, 2, 3], { min: 1, median: 2.5, max: 4 }],
  [[], { min: 0, median: 0, max: 0 }],
])('minimum, median and maximum of %j', (values, expected) => {
  expect(spreadOf(values)).toEqual(expected);
});

it('says which budgets were kept and which were missed', () => {
  const samples = [
    sample({}),
    sample({ run: 2, longestWriteMs: 260, rawErrorCount: 3 }),
    sample({ run: 3, longestWriteMs: 90, lost: 1, rawErrorCount: 1 }),
    sample({ who: 'floor', longestWriteMs: 50 }),
  ];
  const missed = judge(samples[0] as Sample, samples).filter((verdict) => !verdict.kept);
  expect(missed.map((verdict) => `${verdict.what}: ${verdict.found} ${verdict.budget}`)).toEqual([
    'worst: 260 ms <= 250 ms',
    'median, engine to floor: 1.8 <= 1.2',
    'acknowledged writes lost: 1 <= 0',
  ]);
});

it('does not hold a killed asynchronous primary to losing nothing, but counts it in the table', () => {
  const samples = [sample({ kind: 'killed', durability: 'async', lost: 3, gapMs: 200 })];
  expect(judge(samples[0] as Sample, samples).map((verdict) => verdict.what)).not.toContain('acknowledged writes lost');
  const head = { date: '2026-11-24T00:00:00.000Z', engine: 'mysql', version: '8.0', runs: 1, cores: 2, memoryGiB: 24, loadBefore: 0.1 };
  const table = tableOf({ ...head, samples, residentMb: { worker: 200, temporal: 210 } }, casesOf(samples), 'picture.svg');
  expect(table).toContain('| killed, async | engine | 1 | 60 / 60 / 60 | 200 / 200 / 200 | 0 / 0 / 0 | 0 / 0 / 0 | 3 |');
});

it('reads its options, and names what it does not understand', () => {
  expect(parseOptions(['--engine', 'mariadb', '--runs', '3'], 'out')).toMatchObject({
    version: '10.11',
    runs: 3,
    kinds: ['planned', 'killed'],
  });
  expect(() => parseOptions(['--runs', 'many'], 'out')).toThrow('--runs must be a whole number');
  expect(() => parseOptions(['--kind', 'both'], 'out')).toThrow('--kind must be one of planned, killed, found both');
});
