import fc from 'fast-check';

import { holdsPassword, statements, tokens, verbOf } from '../../../schemas/sql-text';

describe('statements of a file', () => {
  test.each([
    ['ALTER TABLE a.b ADD c INT; DROP INDEX i ON a.b;', ['ALTER TABLE a.b ADD c INT', 'DROP INDEX i ON a.b']],
    ["INSERT INTO a VALUES ('x;y'); SELECT 1", ["INSERT INTO a VALUES ('x;y')", 'SELECT 1']],
    ['-- one; two\nSELECT 1 -- three;\n;', ['SELECT 1']],
    ['# a;\n/* b; */ SELECT `c;d` ;;', ['SELECT `c;d`']],
    ["SELECT 'it''s; \\'fine\\';'", ["SELECT 'it''s; \\'fine\\';'"]],
    ['SELECT 5--1;', ['SELECT 5--1']],
    ['/*! ALTER TABLE a ENGINE=x */', ['/*! ALTER TABLE a ENGINE=x */']],
    [' ;\n; ', []],
    ["SELECT 'never closed; SELECT 2", ["SELECT 'never closed; SELECT 2"]],
  ])('%s', (text, expected) => {
    expect(statements(text)).toEqual(expected);
  });

  test('every text comes to an end, and no statement has a semicolon outside of quotes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ';', "'", '"', '`', '\\', '-', ' ', '\n', '/', '*', '#', '1', '(', '!') }),
        (text) => {
          for (const statement of statements(text)) {
            const signs = tokens(statement).filter(({ kind, text: sign }) => kind === 'sign' && sign === ';');
            expect(signs).toEqual([]);
          }
        },
      ),
    );
  });
});

test.each([
  ['select 1', 'SELECT'],
  ['/* why */ Alter table x', 'ALTER'],
  ['(SELECT 1)', ''],
  ['', ''],
])('the verb of %s is %s', (text, verb) => {
  expect(verbOf(text)).toBe(verb);
});

test.each([
  ["CREATE USER a IDENTIFIED BY 'x'", true],
  ["ALTER USER a IDENTIFIED WITH mysql_native_password AS '*hash'", true],
  ["SET PASSWORD FOR a = PASSWORD('x')", true],
  ["CHANGE MASTER TO MASTER_PASSWORD='x'", true],
  ['ALTER TABLE a.b ADD password VARCHAR(10)', false],
  ["UPDATE a.b SET c = 'identified by'", false],
])('%s holds a password: %s', (text, expected) => {
  expect(holdsPassword(text)).toBe(expected);
});
