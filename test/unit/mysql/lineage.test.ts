import { endOf, samePlace, wasPrimary } from '../../../activities/mysql/lineage';

const row = (epoch: number, primary: string) => ({ epoch, primary, operation: 'op' });

/** Without GTID the source that a former primary still has configured is older than its own writes. */
describe('a member that was primary', () => {
  it.each([
    ['the last row that it has is its own, of an earlier epoch', row(2, 'db-2'), 3, true],
    ['it was promoted two epochs ago and has missed the rest', row(2, 'db-2'), 4, true],
    ['it has the row of the present primary', row(3, 'db-1'), 3, false],
    ['another member was primary before', row(2, 'db-3'), 3, false],
    ['it is the primary of this very epoch', row(3, 'db-2'), 3, false],
    ['it has no journal', null, 3, false],
  ])('%s', (_, own, epoch, promoted) => {
    expect(wasPrimary({ name: 'db-2' }, own, { epoch })).toBe(promoted);
  });

  it('stands at the end of its own binary log', () => {
    const member = { address: '10.0.0.2', port: 3306 };
    const wanted = { source: member, at: { file: 'binlog.000002', position: 500 } };
    expect(samePlace(wanted, endOf(member, { file: 'binlog.000002', position: 500 }))).toBe(true);
    expect(samePlace(wanted, endOf(member, { file: 'binlog.000002', position: 730 }))).toBe(false);
    expect(samePlace(wanted, { source: { address: '10.0.0.1', port: 3306 }, at: wanted.at })).toBe(false);
  });
});
