import fc from 'fast-check';

import { digestOf, judgeRead, writeRows } from '../../../activities/mysql/upgrade/reads/judge-read';
import type { ReadReplay } from '../../../schemas/upgrade';
import { checkProblem, readProblems } from '../../../workflows/upgrade/judge-reads';

describe('which reads are run again', () => {
  test.each([
    ['SELECT id, name FROM orders WHERE id = 7', 'values'],
    ['SELECT o.id FROM orders o JOIN items i USING (id) WHERE i.note = "for update"', 'values'],
    ['WITH a AS (SELECT 1) SELECT * FROM a', 'values'],
    ['SELECT id FROM orders LIMIT 10', 'rows'],
    ['SELECT GROUP_CONCAT(id) FROM orders', 'rows'],
    ['SELECT id FROM orders WHERE at > NOW() - INTERVAL 1 DAY', 'time'],
    ['SELECT COUNT(*) FROM orders WHERE at < CURRENT_TIMESTAMP', 'time'],
  ])('%s: %s', (sql, expected) => {
    expect(judgeRead(sql, 'app')).toBe(expected);
  });

  test.each([
    ['UPDATE orders SET id = 1', 'no read'],
    ['SELECT * FROM orders FOR UPDATE', 'locks rows'],
    ['SELECT * FROM orders FOR SHARE', 'locks rows'],
    ['SELECT * FROM orders LOCK IN SHARE MODE', 'locks rows'],
    ["SELECT * INTO OUTFILE '/tmp/x' FROM orders", 'does more than read'],
    ['SELECT SLEEP(10)', 'does more than read'],
    ["SELECT GET_LOCK('a', 1)", 'does more than read'],
    ['SELECT NEXT VALUE FOR numbers', 'does more than read'],
    ['SELECT @a := 1', 'variables'],
    ['SELECT 1; DROP TABLE orders', 'variables'],
    ['SELECT /*!40001 SQL_NO_CACHE */ * FROM orders', 'words of one version'],
    ['SELECT * FROM orders WHERE id = ?', 'not whole'],
    ["SELECT * FROM orders WHERE note = 'abc...", 'not whole'],
    ['SELECT * FROM information_schema.TABLES', 'about the server'],
    ['SELECT user FROM `mysql`.user', 'about the server'],
    ['WITH a AS (SELECT 1) DELETE FROM orders', 'no read'],
  ])('%s: not, since it %s', (sql, skip) => {
    expect(judgeRead(sql, 'app')).toEqual({ skip });
  });

  test('nothing in the schema of the server itself', () => {
    expect(judgeRead('SELECT * FROM user', 'mysql')).toEqual({ skip: 'about the server' });
  });
});

test.each([
  ["SELECT * FROM t WHERE name = 'Zo\\'e' AND n = 12 AND h = 0x1f /* trace 77 */", 'SELECT * FROM t WHERE name = ? AND n = ? AND h = ?'],
  ['SELECT * FROM `t` WHERE id IN (1, 2, 3)', 'SELECT * FROM `t` WHERE id IN ( ?, ... )'],
])('a read is told without its literals: %s', (sql, expected) => {
  expect(digestOf(sql)).toBe(expected);
});

test('no text that a person has written in quotes gets into a digest', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z]{12}$/),
      fc.constantFrom("'", '"'),
      fc.constantFrom('', ' /* c */', ' -- c'),
      (secret, quote, end) => {
        expect(digestOf(`SELECT a FROM b WHERE c = ${quote}${secret}${quote}${end}`)).not.toContain(secret);
      },
    ),
  );
});

test('rows are the same whatever their order, and numbers whatever the order of a sum', () => {
  expect(
    writeRows([
      { a: 1, b: 'x' },
      { a: 0.1 + 0.2, b: null },
    ]),
  ).toEqual(
    writeRows([
      { a: 0.3, b: null },
      { c: 1, d: 'x' },
    ]),
  );
  expect(writeRows([{ a: Buffer.from([1]) }])).not.toEqual(writeRows([{ a: Buffer.from([2]) }]));
});

describe('what stops an upgrade', () => {
  const replay = (more: Partial<ReadReplay>): ReadReplay => ({
    source: 'process list',
    statements: 3,
    compared: 2,
    timed: 3,
    skipped: [],
    differing: [],
    slower: [],
    oldMs: 100,
    newMs: 110,
    ...more,
  });

  test('a read with another result, and all reads together slower than may be', () => {
    expect(readProblems(replay({}), 2)).toEqual([]);
    expect(readProblems(replay({ oldMs: 1, newMs: 40 }), 2)).toEqual([]);
    expect(readProblems(replay({ differing: [{ digest: 'SELECT ?', reason: 'other values' }] }), 2)).toEqual([
      { path: 'reads', message: 'other values: SELECT ?' },
    ]);
    const slower = [{ digest: 'SELECT a', oldMs: 10, newMs: 300 }];
    expect(readProblems(replay({ newMs: 400, slower }), 2)).toEqual([
      { path: 'reads', message: 'all together 400 ms, 100 before; 300 ms after 10: SELECT a' },
    ]);
  });

  test('a check that ends with another code than 0, or not at all', () => {
    expect(checkProblem({ name: 'smoke', passed: false, exitCode: 3, seconds: 1, output: 'no table' })).toEqual({
      path: 'check smoke',
      message: 'it ended with 3: no table',
    });
    expect(checkProblem({ name: 'smoke', passed: false, exitCode: null, seconds: 9, output: '' }).message).toBe('it did not end in time');
  });
});
