import fc from 'fast-check';

import { nextArrival, seededRandom } from '../../../bench/ledger/arrivals';
import { classify, nameOf } from '../../../bench/ledger/classify';
import { RecordBook } from '../../../bench/ledger/records';
import { reportOf } from '../../../bench/ledger/report';
import { compareLedger, isClean } from '../../../bench/ledger/verify';

const head = { mode: 'autocommit', ratePerSecond: 200, seed: 1, shed: 0, retried: true, startedAt: 1000, endedAt: 9000 } as const;

describe('arrivals', () => {
  it('have the asked-for mean and are the same for the same seed', () => {
    const times = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20_000 }, () => nextArrival(random, 200));
    };
    const mean = times(7).reduce((sum, time) => sum + time, 0) / 20_000;
    expect(mean).toBeGreaterThan(4.9);
    expect(mean).toBeLessThan(5.1);
    expect(times(7)).toEqual(times(7));
    expect(times(7)).not.toEqual(times(8));
  });
});

describe('what a client may know of a write that got an error', () => {
  it.each([
    ['read-only server', { message: 'x', errno: 1290, code: 'ER_OPTION_PREVENTS_STATEMENT' }, 'commit', 'failed'],
    ['lost connection at an autocommit statement', { message: 'x', code: 'PROTOCOL_CONNECTION_LOST' }, 'commit', 'unknown'],
    ['lost connection before COMMIT was sent', { message: 'x', code: 'PROTOCOL_CONNECTION_LOST' }, 'open', 'failed'],
    ['no connection', { message: 'x', code: 'ECONNREFUSED', errno: -111 }, 'connect', 'failed'],
    ['interrupted commit', { message: 'x', errno: 1317, code: 'ER_QUERY_INTERRUPTED' }, 'commit', 'unknown'],
    ['known to be closed', { message: "Can't add new command when connection is in closed state" }, 'commit', 'failed'],
  ] as const)('%s', (_name, error, phase, outcome) => {
    expect(classify(error, phase)).toBe(outcome);
  });

  it('names errors by number and code, never by the server’s text', () => {
    expect(nameOf({ message: 'secret', errno: 1290, code: 'ER_OPTION_PREVENTS_STATEMENT' }, 'commit')).toBe(
      '1290 ER_OPTION_PREVENTS_STATEMENT',
    );
    expect(nameOf({ message: 'secret', errno: -111, code: 'ECONNREFUSED' }, 'connect')).toBe('ECONNREFUSED at connect');
  });
});

describe('the report', () => {
  it('counts a stall in every write that was due in it, and keeps what the first attempt got', () => {
    const book = new RecordBook();
    book.end(book.begin(1, 0, 1000), 'acknowledged', 1002);
    book.end(book.begin(2, 0, 1010), 'acknowledged', 1060);
    book.end(book.begin(3, 0, 1040), 'acknowledged', 1061);
    const failed = book.begin(4, 0, 1070);
    book.end(failed, 'failed', 1075, '1290 ER_OPTION_PREVENTS_STATEMENT');
    book.end(book.begin(4, 1, 1075), 'acknowledged', 1175);
    book.begin(5, 0, 2200);
    book.endPending(2300, 'no answer');
    book.end(failed, 'acknowledged', 9999);

    const report = reportOf(book.columns(), head);
    expect(report).toMatchObject({
      writes: 5,
      acknowledged: 3,
      failed: 1,
      unknown: 1,
      longestWriteMs: 50,
      longestWithRetryMs: 105,
      rawErrors: { '1290 ER_OPTION_PREVENTS_STATEMENT': 1, 'no answer': 1 },
      rawErrorCount: 2,
      errorsAfterRetry: 0,
      retryErrors: {},
      gap: { ms: 114 },
    });
    expect(report.timeline.map((bucket) => bucket.second)).toEqual([0, 1]);
  });

  it('keeps all records when the columns grow', () => {
    const book = new RecordBook();
    for (let id = 1; id <= 40_000; id++) book.end(book.begin(id, 0, 1000 + id), 'acknowledged', 1001 + id);
    const records = book.columns();
    expect(records.id.length).toBe(40_000);
    expect(records.id[39_999]).toBe(40_000);
    expect(book.counts.acknowledged).toBe(40_000);
  });
});

describe('comparison with what a member holds', () => {
  const outcomeOf = fc.constantFrom('acknowledged', 'failed', 'unknown');
  const writes = fc.array(fc.record({ outcome: outcomeOf, stored: fc.boolean() }), { maxLength: 60 });

  it('finds every lost and every wrongly executed write, and nothing else', () => {
    fc.assert(
      fc.property(writes, (list) => {
        const book = new RecordBook();
        for (const [index, write] of list.entries()) book.end(book.begin(index + 1, 0, index), write.outcome, index + 1);
        const stored = list.flatMap((write, index) => (write.stored ? [{ id: index + 1, attempt: 0, rows: 1, parts: 1 }] : []));
        const found = compareLedger(book.columns(), stored, 1);
        const named = (outcome: string, there: boolean): string[] =>
          list.flatMap((write, index) => (write.outcome === outcome && write.stored === there ? [`${index + 1}`] : []));
        expect(found.lost).toEqual(named('acknowledged', false));
        expect(found.executedThoughFailed).toEqual(named('failed', true));
        expect(found.unknownPresent).toBe(named('unknown', true).length);
        expect(isClean(found)).toBe(found.lost.length + found.executedThoughFailed.length === 0);
      }),
    );
  });

  it('sees a write executed twice, half a transaction, and a stranger', () => {
    const book = new RecordBook();
    for (const id of [1, 2, 3]) book.end(book.begin(id, 0, id), 'acknowledged', id + 1);
    const found = compareLedger(
      book.columns(),
      [
        { id: 1, attempt: 0, rows: 4, parts: 2 },
        { id: 2, attempt: 0, rows: 1, parts: 1 },
        { id: 3, attempt: 0, rows: 2, parts: 2 },
        { id: 9, attempt: 1, rows: 2, parts: 2 },
      ],
      2,
    );
    expect(found).toMatchObject({ duplicates: ['1'], torn: ['2'], strangers: ['9+retry'], lost: [] });
  });
});
