import fc from 'fast-check';

import type { TableShape } from '../../../schemas/upgrade';
import { typeChange, typeText } from '../../../workflows/upgrade/ddl/column-type';
import { judgeDdl, notComparable, schemaDifferences, tablesOf } from '../../../workflows/upgrade/ddl/judge';
import { parseDdl } from '../../../workflows/upgrade/ddl/parse';

const column = (name: string, type: string, more: Partial<TableShape['columns'][number]> = {}): TableShape['columns'][number] => ({
  name,
  type,
  nullable: true,
  charset: /char|text|enum/.test(type) ? 'latin1' : null,
  collation: /char|text|enum/.test(type) ? 'latin1_swedish_ci' : null,
  ...more,
});

const orders: TableShape = {
  table: 'app.orders',
  engine: 'InnoDB',
  charset: 'latin1',
  columns: [
    column('id', 'int(11)', { nullable: false }),
    column('customer', 'varchar(20)'),
    column('amount', 'decimal(10,2)'),
    column('state', "enum('new','paid')"),
    column('at', 'datetime'),
    column('note', 'varchar(50)'),
  ],
  indexes: ['PRIMARY'],
};

const judge = (...statements: string[]) => judgeDdl(statements, [orders]);
const refusals = (...statements: string[]): string[] => judge(...statements).flatMap(({ refused }) => refused);

describe('what members whose schema was changed go on applying', () => {
  test.each([
    ['ALTER TABLE app.orders ADD COLUMN paid INT'],
    ["alter table `app`.`orders` add paid int null default 0 comment 'a, b'"],
    ['ALTER TABLE app.orders ADD paid INT NOT NULL DEFAULT 0 AFTER note'],
    ["ALTER TABLE app.orders ADD (a INT, b VARCHAR(10) DEFAULT 'x')"],
    ['ALTER TABLE app.orders ADD COLUMN d DECIMAL(10,2) DEFAULT -1.5'],
    ['ALTER TABLE app.orders DROP COLUMN note'],
    ['ALTER TABLE app.orders DROP note, ALGORITHM=INPLACE, LOCK=NONE'],
    ['ALTER TABLE app.orders ADD INDEX by_customer (customer(10), at)'],
    ['CREATE INDEX by_customer ON app.orders (customer)'],
    ['DROP INDEX by_customer ON app.orders'],
    ['ALTER TABLE app.orders RENAME COLUMN note TO remark'],
    ['ALTER TABLE app.orders CHANGE note remark VARCHAR(50)'],
    ["ALTER TABLE app.orders MODIFY state ENUM('new','paid','lost')"],
    ['ALTER TABLE app.orders MODIFY id BIGINT NOT NULL AUTO_INCREMENT'],
    ['ALTER TABLE app.orders MODIFY COLUMN customer VARCHAR(100)'],
    ['ALTER TABLE app.orders MODIFY amount DECIMAL(12,2)'],
    ["ALTER TABLE app.orders ALTER COLUMN note SET DEFAULT '-'"],
    ["ALTER TABLE app.orders COMMENT = 'of customers', AUTO_INCREMENT = 1000"],
    ['ALTER TABLE app.orders ENGINE=InnoDB'],
  ])('%s', (statement) => {
    expect(refusals(statement)).toEqual([]);
  });

  test.each([
    ['ALTER TABLE app.orders ADD COLUMN paid INT FIRST', /shifts those behind it/],
    ['ALTER TABLE app.orders ADD paid INT AFTER customer', /before amount/],
    ['ALTER TABLE app.orders ADD paid INT AFTER nowhere', /no column to place/],
    ['ALTER TABLE app.orders ADD customer INT', /already/],
    ['ALTER TABLE app.orders ADD created DATETIME DEFAULT CURRENT_TIMESTAMP', /a value of its own/],
    ['ALTER TABLE app.orders ADD uid CHAR(36) DEFAULT (uuid())', /a value of its own/],
    ['ALTER TABLE app.orders ADD touched TIMESTAMP', /a value of its own/],
    ['ALTER TABLE app.orders ADD n INT NOT NULL', /no default/],
    ['ALTER TABLE app.orders ADD n INT AUTO_INCREMENT PRIMARY KEY', /AUTO_INCREMENT PRIMARY KEY/],
    ['ALTER TABLE app.orders ADD g INT GENERATED ALWAYS AS (id + 1)', /GENERATED/],
    ['ALTER TABLE app.orders DROP COLUMN customer', /not the last column/],
    ['ALTER TABLE app.orders DROP COLUMN nothing', /no column nothing/],
    ['ALTER TABLE app.orders CONVERT TO CHARACTER SET utf8mb4', /corrupts texts silently/],
    ['ALTER TABLE app.orders MODIFY customer VARCHAR(20) CHARACTER SET utf8mb4', /corrupts texts silently/],
    ['ALTER TABLE app.orders MODIFY customer VARCHAR(20) COLLATE utf8mb4_bin', /corrupts texts silently/],
    ['ALTER TABLE app.orders MODIFY at DATETIME(3)', /stops the appliers/],
    ['ALTER TABLE app.orders MODIFY id SMALLINT NOT NULL', /stops the appliers/],
    ['ALTER TABLE app.orders MODIFY id INT UNSIGNED NOT NULL', /stops the appliers/],
    ['ALTER TABLE app.orders MODIFY customer VARCHAR(10)', /narrower/],
    ['ALTER TABLE app.orders MODIFY amount DECIMAL(10,3)', /fewer digits/],
    ["ALTER TABLE app.orders MODIFY state ENUM('paid','new')", /at the end of an ENUM/],
    ['ALTER TABLE app.orders MODIFY customer VARCHAR(20) NOT NULL', /between NULL and NOT NULL/],
    ['ALTER TABLE app.orders MODIFY customer VARCHAR(20) FIRST', /would move/],
    ['ALTER TABLE app.orders RENAME TO app.sales', /nobody has measured/],
    ['ALTER TABLE app.orders ADD FOREIGN KEY (id) REFERENCES app.x (id)', /nobody has measured/],
    ['ALTER TABLE app.orders ENGINE=MyISAM', /nobody has measured/],
    ['ALTER TABLE app.orders PARTITION BY HASH(id)', /nobody has measured/],
    ['ALTER IGNORE TABLE app.orders ADD UNIQUE (customer)', /thrown away/],
    ['ALTER TABLE orders ADD x INT', /no default one/],
    ['ALTER TABLE app.nothing ADD x INT', /there is no table/],
    ['ALTER TABLE app.orders', /changes nothing/],
    ['/*! ALTER TABLE app.orders ADD x INT */', /not understood/],
    ['DROP TABLE app.orders', /not understood/],
    ['UPDATE app.orders SET note = 1', /not understood/],
  ])('refused: %s', (statement, reason) => {
    expect(refusals(statement)).toEqual(expect.arrayContaining([expect.stringMatching(reason)]));
  });

  test('each statement sees what those before it have made', () => {
    expect(
      refusals(
        'ALTER TABLE app.orders ADD a INT',
        'ALTER TABLE app.orders ADD b INT AFTER a',
        'ALTER TABLE app.orders DROP b, DROP a, DROP note',
      ),
    ).toEqual([]);
    expect(refusals('ALTER TABLE app.orders DROP note, ADD a INT')).toEqual([expect.stringContaining('take the place of note')]);
    expect(refusals('ALTER TABLE app.orders ADD a INT', 'ALTER TABLE app.orders DROP note')).toEqual([
      expect.stringContaining('not the last column'),
    ]);
    expect(refusals('ALTER TABLE app.orders RENAME COLUMN note TO remark', 'ALTER TABLE app.orders DROP note')).toEqual([
      expect.stringContaining('no column note'),
    ]);
  });

  test('a wider type needs conversions, an index does not end the way back', () => {
    expect(judge('ALTER TABLE app.orders MODIFY id BIGINT NOT NULL')).toMatchObject([
      { conversions: true, endsWayBack: expect.any(String) as string },
    ]);
    expect(judge('CREATE INDEX i ON app.orders (at)')).toEqual([
      { statement: 'CREATE INDEX i ON app.orders (at)', table: 'app.orders', refused: [], named: [], conversions: false },
    ]);
    expect(judge('ALTER TABLE app.orders FORCE')[0]?.endsWayBack).toMatch(/writes the rows anew/);
    expect(judge('ALTER TABLE app.orders ADD UNIQUE u (customer)')[0]?.named).toEqual([
      expect.stringContaining('rows that are there twice'),
    ]);
  });

  test('a character set that stays is named in either of its names', () => {
    const utf8 = { ...orders, charset: 'utf8', columns: [column('id', 'int'), column('t', 'varchar(5)', { charset: 'utf8' })] };
    expect(judgeDdl(['ALTER TABLE app.orders MODIFY t VARCHAR(9) CHARACTER SET utf8mb3'], [utf8])[0]?.refused).toEqual([]);
  });

  test('tables are named once', () => {
    expect(tablesOf(['ALTER TABLE a.b FORCE', 'CREATE INDEX i ON `a`.`b` (c)', 'SELECT 1'])).toEqual(['a.b']);
  });

  test('no text breaks the parser, and nothing that is not understood passes', () => {
    const word = fc.constantFrom(
      'ADD',
      'COLUMN',
      'DROP',
      '(',
      ')',
      ',',
      "'x'",
      '`y`',
      'INT',
      'AFTER',
      'customer',
      'MODIFY',
      'DEFAULT',
      'NOT',
      'NULL',
      '1',
      '=',
      'CHANGE',
      'KEY',
      'note',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const statement = `ALTER TABLE app.orders ${words.join(' ')}`;
        const parsed = parseDdl(statement);
        expect(parsed?.table).toBe('app.orders');
        expect(() => judge(statement)).not.toThrow();
      }),
      { numRuns: 3000 },
    );
  });

  test('whatever columns are added and dropped, no value of the primary comes into another column, or it is refused', () => {
    const change = fc.oneof(
      fc
        .constantFrom('', ' FIRST', ' AFTER id', ' AFTER note', ' AFTER extra')
        .map((place) => `ALTER TABLE app.orders ADD extra INT${place}`),
      fc.constantFrom(...orders.columns.map(({ name }) => name), 'extra').map((name) => `ALTER TABLE app.orders DROP ${name}`),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (statements) => {
        fc.pre(refusals(...statements).length === 0);
        // Applied by hand to a plain list.
        const list = orders.columns.map(({ name }) => name);
        for (const statement of statements) {
          const drop = /DROP (\w+)$/.exec(statement)?.[1];
          if (drop !== undefined) list.splice(list.indexOf(drop), 1);
          else list.push('extra');
        }
        // Rows of the primary are matched by place: none may get another column's value.
        for (const [at, { name }] of orders.columns.entries()) expect([undefined, name]).toContain(list[at]);
      }),
    );
  });
});

describe('what the statements have made of a table', () => {
  const after = (...columns: TableShape['columns']): TableShape[] => [{ ...orders, columns }];
  const statements = [
    'ALTER TABLE app.orders ADD paid INT UNSIGNED NOT NULL DEFAULT 0',
    'ALTER TABLE app.orders MODIFY id BIGINT NOT NULL AUTO_INCREMENT',
  ];

  test('is as it should be, however a server writes it', () => {
    const columns = orders.columns.map((each) => (each.name === 'id' ? { ...each, type: 'bigint(20)' } : each));
    expect(schemaDifferences(statements, [orders], after(...columns, column('paid', 'int(10) unsigned', { nullable: false })))).toEqual([]);
    expect(
      schemaDifferences(
        ["ALTER TABLE app.orders MODIFY state ENUM('new', 'paid', 'lost')"],
        [orders],
        after(...orders.columns.map((each) => (each.name === 'state' ? { ...each, type: "enum('new','paid','lost')" } : each))),
      ),
    ).toEqual([]);
  });

  test('is told when it is not', () => {
    expect(schemaDifferences(statements, [orders], [orders])).toEqual([
      { path: 'app.orders', message: expect.stringContaining('paid int unsigned not null') as string },
    ]);
    expect(schemaDifferences(statements, [orders], [])).toEqual([{ path: 'app.orders', message: 'the table is missing' }]);
    expect(schemaDifferences(['CREATE INDEX i ON app.orders (at)'], [orders], [orders])).toEqual([]);
  });

  test('can not be compared with the primary when columns or their texts are gone', () => {
    const reasons = (statement: string): string[] => notComparable([statement], [orders]).map(({ message }) => message);
    expect(reasons('ALTER TABLE app.orders DROP note')).toEqual(['note is not there to be compared']);
    expect(reasons('ALTER TABLE app.orders RENAME COLUMN note TO remark')).toEqual(['note has another name']);
    expect(reasons('ALTER TABLE app.orders CHANGE note remark VARCHAR(50)')).toEqual(['note has another name']);
    expect(reasons('ALTER TABLE app.orders MODIFY amount DECIMAL(12,3)')).toEqual(['amount has other digits behind the point']);
    for (const fine of [
      'ALTER TABLE app.orders MODIFY amount DECIMAL(12,2)',
      'ALTER TABLE app.orders ADD x INT, ADD INDEX (x)',
      'ALTER TABLE app.orders CHANGE note note VARCHAR(60)',
    ])
      expect(reasons(fine)).toEqual([]);
  });
});

test.each([
  ['int(10) unsigned', 'int unsigned'],
  ['tinyint(1)', 'BOOL'],
  ['decimal(10,0)', 'decimal'],
  ['datetime', 'DATETIME(0)'],
  ['year(4)', 'year'],
  ["enum('a','b')", "ENUM('a', 'b')"],
])('%s and %s are one type', (one, other) => {
  expect(typeText(one)).toBe(typeText(other));
});

test.each([
  ['int(11)', 'int', 'same'],
  ['int', 'integer', 'same'],
  ['int(11)', 'bigint(20)', 'wider'],
  ['tinyint(4)', 'smallint', 'wider'],
  ['varchar(10)', 'varchar(10)', 'same'],
  ['varchar(10)', 'varchar(300)', 'wider'],
  ['decimal(10,2)', 'decimal(12,3)', 'wider'],
  ['decimal(10,0)', 'decimal', 'same'],
  ["enum('a','b')", "enum('a','b','c')", 'longer-list'],
  ["set('a','b')", "set('a','b')", 'same'],
  ['datetime', 'datetime(0)', 'same'],
])('%s to %s is %s', (from, to, expected) => {
  expect(typeChange(from, to)).toBe(expected);
});

test.each([
  ['int', 'int unsigned'],
  ['bigint', 'int'],
  ['varchar(10)', 'char(10)'],
  ['varbinary(10)', 'varbinary(20)'],
  ["set('a')", "set('a','b')"],
  ["enum('a','b')", "enum('b','a')"],
  ['decimal(10,2)', 'decimal(10,4)'],
  ['datetime', 'timestamp'],
  ['float', 'double'],
  ['text', 'mediumtext'],
])('%s to %s is refused', (from, to) => {
  expect(typeChange(from, to)).toMatchObject({ refused: expect.any(String) as string });
});
