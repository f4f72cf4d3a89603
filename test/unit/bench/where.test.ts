import type { Sample } from '../../../bench/pivot/cases';
import { partsOfTrace, whereTable, whereTimeGoes } from '../../../bench/pivot/where';

const runId = '0193e5a1-7a2b-7c3d-8e4f-5a6b7c8d9e0f';

test('the parts of a trace count from the kill, and what was before the first sign is one of them', () => {
  const spans = [
    { name: 'pivot', spanId: '8e4f5a6b7c8d9e0f', from: 1040, to: 1500 },
    { name: 'switchPrimary', spanId: 'b', from: 1080, to: 1150 },
    { name: 'make sure of the loss', spanId: 'a', from: 1040, to: 1060 },
  ];
  expect(partsOfTrace(spans, runId, 1000)).toEqual([
    { name: 'until the first sign', startMs: 0, endMs: 40 },
    { name: 'make sure of the loss', startMs: 40, endMs: 60 },
    { name: 'switchPrimary', startMs: 80, endMs: 150 },
  ]);
  expect(partsOfTrace([], runId, 1000)).toEqual([]);
});

const sample = (change: Partial<Sample>): Sample =>
  ({ kind: 'killed', durability: 'semi-sync', who: 'engine', run: 1, steps: [], parts: [], ...change }) as Sample;

test('engine and floor are beside each other, by the median, under one name', () => {
  const samples = [
    sample({ parts: [{ name: 'until the first sign', startMs: 0, endMs: 40 }] }),
    sample({ parts: [{ name: 'until the first sign', startMs: 0, endMs: 60 }] }),
    sample({
      parts: [
        { name: 'until the first sign', startMs: 0, endMs: 80 },
        { name: 'applyRole', startMs: 200, endMs: 210 },
        { name: 'applyRole', startMs: 205, endMs: 230 },
      ],
    }),
    sample({ who: 'floor', steps: [{ name: 'see the death', startMs: 0, endMs: 50 }] }),
    sample({ kind: 'planned', parts: [{ name: 'another case', startMs: 0, endMs: 1 }] }),
  ];
  const of = { kind: 'killed', durability: 'semi-sync' } as const;
  expect(whereTimeGoes(of, samples)).toEqual([
    { name: 'until the first sign', engine: { fromMs: 0, lastsMs: 60, runs: 3 }, floor: { fromMs: 0, lastsMs: 50, runs: 1 } },
    { name: 'applyRole', engine: { fromMs: 200, lastsMs: 30, runs: 1 }, floor: undefined },
  ]);
  expect(whereTable([of], samples)).toContain('| until the first sign | 0 | 60 | 0 | 50 |');
});
