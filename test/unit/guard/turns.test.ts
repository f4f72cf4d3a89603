import fc from 'fast-check';

import { Turns } from '../../../activities/guard/turns';

test('never more at once than may be, in the order in which they came, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 30 }), async (most, fails) => {
      const turns = new Turns(most);
      let atOnce = 0;
      const began: number[] = [];
      const outcomes = await Promise.allSettled(
        fails.map((fail, index) =>
          turns.take(async () => {
            began.push(index);
            atOnce++;
            expect(atOnce).toBeLessThanOrEqual(most);
            await new Promise(setImmediate);
            atOnce--;
            if (fail) throw new Error('it fails');
          }),
        ),
      );
      expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(fails);
      expect(began).toEqual(fails.map((_, index) => index));
    }),
    { numRuns: 200 },
  );
});
