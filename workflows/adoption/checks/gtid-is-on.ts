import { at, difference, each, withGtid, type Check } from './check';

export const gtidIsOn: Check = ({ seen }) => [
  ...each(
    seen,
    (member) => withGtid(member) && member.gtidMode !== 'ON',
    (member) =>
      difference(
        'refused',
        at(member, 'gtid_mode'),
        `gtid_mode is ${member.gtidMode}, must be ON`,
        'switch GTID on, step by step on all members',
      ),
  ),
  ...each(
    seen,
    (member) => withGtid(member) && member.enforceGtidConsistency !== 'ON',
    (member) =>
      difference(
        'refused',
        at(member, 'enforce_gtid_consistency'),
        `enforce_gtid_consistency is ${member.enforceGtidConsistency}, must be ON`,
        'SET GLOBAL enforce_gtid_consistency=ON, after WARN has told nothing for a while',
      ),
  ),
  ...each(
    seen,
    (member) => member.engine === 'mysql' && !withGtid(member),
    (member) =>
      difference(
        'named',
        at(member, 'version'),
        `${member.version} has no GTID: a replica whose place can not be proven must be built anew by a person`,
        'upgrade to 5.6 or later',
      ),
  ),
  ...each(
    seen,
    (member) => member.autoPosition === false && !(member.engine === 'mysql' && !withGtid(member)),
    (member) =>
      difference('named', at(member, 'replication'), 'it replicates by file and position', 'the next pivot makes it replicate by GTID'),
  ),
];
