import { axis, histogram, sparkline, windowFor } from '../../../scripts/demo/timeline';

const window = { before: 100, after: 200, bucketMs: 20 };

describe('timeline of writes', () => {
  test('counts what falls into each bucket around the moment, and nothing outside', () => {
    const counts = histogram([899, 900, 919, 920, 1000, 1199, 1200], 1000, window);
    expect(counts).toHaveLength(15);
    expect(counts).toEqual([2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  test('draws a dot where nothing was acknowledged, and a burst does not flatten the rest', () => {
    expect(sparkline([4, 4, 4, 0, 0, 40, 4])).toBe('▄▄▄··█▄');
    expect(sparkline([0, 0])).toBe('··');
  });

  test('a long gap widens the buckets, not the picture', () => {
    expect(windowFor(60)).toEqual({ before: 400, after: 1400, bucketMs: 20 });
    const wide = windowFor(3800);
    expect(wide.after).toBeGreaterThan(3800);
    expect((wide.before + wide.after) / wide.bucketMs).toBe(90);
  });

  test('the axis names the moment below its bucket', () => {
    const line = axis('killed', { before: 100, after: 1000, bucketMs: 20 });
    expect(line.indexOf('↑ killed')).toBe(5);
    expect(line.indexOf('↑ +0.5 s')).toBe(30);
  });
});
