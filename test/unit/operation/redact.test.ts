import fc from 'fast-check';

import { redact, rememberSecret } from '../../../activities/redact';

test('every secret that is known is cut, wherever it stands and however often', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 6, maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.string({ maxLength: 5, unit: fc.constantFrom('x', 'y', ' ') }), { minLength: 2, maxLength: 5 }),
      (secrets, words) => {
        secrets.forEach(rememberSecret);
        const text = words.join(secrets.join(' '));
        const found = redact(text);
        expect(secrets.filter((secret) => found.includes(secret))).toEqual([]);
      },
    ),
    { numRuns: 2000 },
  );
});

test('what is around a secret stays', () => {
  rememberSecret('hunter2-hunter2');
  rememberSecret('hunter2-hunter2-longer');
  expect(redact('as hunter2-hunter2, hunter2-hunter2-longerhunter2-hunter2 and hunter2')).toBe('as ***, ****** and hunter2');
  expect(redact("CHANGE MASTER TO MASTER_PASSWORD='x', MASTER_PORT=1")).toBe('CHANGE MASTER TO MASTER_PASSWORD=***, MASTER_PORT=1');
});
