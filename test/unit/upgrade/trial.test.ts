import { serverArguments } from '../../../activities/mysql/server-arguments';
import { mayAcknowledge, mayBePromoted } from '../../../schemas/member-rules';
import { trialName } from '../../../schemas/upgrade';
import { planUpgrade } from '../../../workflows/upgrade/plan';
import { trialDefinition } from '../../../workflows/upgrade/trial';
import { cluster, steps } from './builders';

function trial(engine: 'mysql' | 'mariadb', from: string, to: { version: string; image?: string }) {
  const seen = cluster(engine, from, {}, { settings: { max_connections: '300' } });
  const definition = trialDefinition(seen.state.definition, planUpgrade(seen, { to, steps: [] }));
  const member = { ...(seen.state.members[0] as (typeof seen.state.members)[number]), name: trialName('db'), serverId: 99 };
  return { definition, member, arguments: serverArguments(definition, member) };
}

test('it runs the new version, keeps the cluster’s settings, and is neither candidate nor acknowledger', () => {
  const { definition, member, arguments: given } = trial('mysql', '8.0.33', { version: '9.7' });
  expect(definition).toMatchObject({ version: '9.7', settings: { max_connections: '300' } });
  expect(definition.image).toBeUndefined();
  expect(mayAcknowledge(definition, member)).toBe(false);
  expect(mayBePromoted(definition, member)).toBe(false);
  expect(given).toEqual(expect.arrayContaining(['--server-id=99', '--loose-rpl_semi_sync_replica_enabled=0', '--read_only=1']));
  expect(trial('mysql', '8.0.33', { version: '9.7', image: 'mysql:9.7' }).definition.image).toBe('mysql:9.7');
});

test('5.6 follows 5.5 without GTID, and writes what 5.5 can read while that may go back: the last word on each setting', () => {
  const { arguments: given } = trial('mysql', '5.5.34', { version: '5.6' });
  const last = (name: string): string | undefined => given.filter((each) => each.startsWith(`--${name}=`)).at(-1);
  expect(last('gtid_mode')).toBe('--gtid_mode=OFF');
  expect(last('enforce_gtid_consistency')).toBe('--enforce_gtid_consistency=OFF');
  expect(last('binlog_checksum')).toBe('--binlog_checksum=NONE');
});

test('what it needs to follow does not depend on a way back', () => {
  const seen = cluster('mysql', '5.5.34', { oldTemporal: { items: [{ table: 'app.a', column: 'at', type: 'datetime' }], more: 0 } });
  const plan = planUpgrade(seen, { to: { version: '5.6' }, steps: steps({ step: 'build-members', recipe: 'logical' }) });
  expect(plan).toMatchObject({ wayBack: { kind: 'lossy' }, settings: { gtid_mode: 'OFF' } });
  expect(trialDefinition(seen.state.definition, plan).settings).toMatchObject({ gtid_mode: 'OFF' });
});
