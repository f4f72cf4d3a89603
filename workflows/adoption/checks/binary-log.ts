import { at, difference, each, type Check } from './check';

export const binaryLog: Check = ({ seen, needed }) => [
  ...each(
    seen,
    ({ logBin }) => !logBin,
    (member) => difference('refused', at(member, 'log_bin'), 'the binary log is off', 'start it with log_bin'),
  ),
  ...each(
    seen,
    ({ binlogFilters }) => binlogFilters !== '',
    (member) =>
      difference(
        'refused',
        at(member, 'binlog_filters'),
        `its binary log is limited (${member.binlogFilters}), so replicas lack data and drydock's journal`,
        'remove binlog_do_db and binlog_ignore_db',
      ),
  ),
  ...each(
    seen,
    ({ view }) => view?.settings?.logReplicaUpdates === false,
    (member) =>
      difference(
        needed('named'),
        at(member, 'log_slave_updates'),
        'log_slave_updates is OFF: it can not be promoted, because others could not follow it',
        'start it with log_slave_updates (log_replica_updates)',
      ),
  ),
];
