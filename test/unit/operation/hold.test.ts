import fc from 'fast-check';

import type { Acquire, Holder } from '../../../schemas/hold';
import { decideHold } from '../../../workflows/hold/decide';

const now = '2026-11-24T10:00:00.000Z';
const ada: Holder = { operation: 'ada', runId: 'r1', since: '2026-11-24T09:00:00.000Z' };

test.each<[string, Holder | undefined, Acquire, Holder, boolean]>([
  ['a free hold is taken', undefined, { operation: 'ada', runId: 'r1' }, { ...ada, since: now }, true],
  ['the holder may ask again', ada, { operation: 'ada', runId: 'r1' }, ada, true],
  ['a reset holder holds by its new run', ada, { operation: 'ada', runId: 'r2' }, { ...ada, runId: 'r2' }, true],
  ['another is refused', ada, { operation: 'bob', runId: 'r9' }, ada, false],
  [
    'one that found the holder closed replaces it',
    ada,
    { operation: 'bob', runId: 'r9', replaces: { operation: 'ada', runId: 'r1' } },
    { operation: 'bob', runId: 'r9', since: now },
    true,
  ],
  ['but not its later run', { ...ada, runId: 'r2' }, { operation: 'bob', runId: 'r9', replaces: ada }, { ...ada, runId: 'r2' }, false],
])('%s', (_what, holder, request, after, taken) => {
  const decision = decideHold(holder, request, now);
  expect(decision.holder).toEqual(after);
  expect(decision.answer).toEqual(taken ? { taken: true } : { taken: false, holder });
});

test('whoever is told that it took the hold is the holder, and nobody else is', () => {
  const name = fc.constantFrom('ada', 'bob', 'eve');
  const request = fc.record({
    operation: name,
    runId: name,
    replaces: fc.option(fc.record({ operation: name, runId: name }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
      let holder: Holder | undefined;
      for (const asked of requests) {
        const decision = decideHold(holder, asked, now);
        holder = decision.holder;
        expect(decision.answer.taken).toBe(holder.operation === asked.operation);
      }
    }),
  );
});
