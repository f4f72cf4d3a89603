import { parseInnodbStatus } from '../../../activities/mysql/flavors/open-transactions';

/** As MySQL 5.6 and MariaDB 10.11 print it. */
const status = `
------------
TRANSACTIONS
------------
Trx id counter 2A1F
LIST OF TRANSACTIONS FOR EACH SESSION:
---TRANSACTION 0, not started
MySQL thread id 9, OS thread handle 0x7f3b9c0c1700, query id 120 10.213.0.1 drydock_op init
SHOW ENGINE INNODB STATUS
---TRANSACTION 2A1E, ACTIVE 3 sec
2 lock struct(s), heap size 360, 1 row lock(s), undo log entries 1
MySQL thread id 8, OS thread handle 0x7f3b9c102700, query id 118 10.213.0.4 app cleaning up
---TRANSACTION 421, ACTIVE (PREPARED) 0 sec committing
MariaDB thread id 77, OS thread handle 140, query id 119 10.213.0.4 app Waiting for semi-sync ACK
INSERT INTO t VALUES (1)
---TRANSACTION (0x7f00aa), not started
0 lock struct(s), heap size 1128, 0 row lock(s)
--------
FILE I/O
--------
thread id 5
`;

it('finds the connections that have a transaction open, and its number', () => {
  expect([...parseInnodbStatus(status)]).toEqual([
    [8, '2A1E'],
    [77, '421'],
  ]);
});

it('finds nothing in a status without transactions', () => {
  expect(parseInnodbStatus('').size).toBe(0);
});
