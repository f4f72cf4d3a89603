import type { ErrantRecord } from '../../schemas/errant';
import type { ClusterState } from '../../schemas/topology';
import { removeVolume } from '../docker/volume';
import type { ActivityEnvironment } from '../environment';
import { checkEpoch, memberOf, withSession } from './change-member';
import { mustRun } from './container-exec';
import { dataFolder } from './errant';
import { decideErrant } from './errant-records';
import { createConnect } from './session';

/**
 * Deletes what is kept of a member's own transactions: the volume that was set aside with all that is in it, or, where the member still uses its
 * volume, the decoded text alone. Returns what is gone. A second attempt finds it gone.
 */
export async function forgetErrant(env: ActivityEnvironment, state: ClusterState, record: ErrantRecord, decided: string): Promise<string> {
  const connect = createConnect(env);
  const member = memberOf(state, record.member);
  let gone = 'nothing was kept';
  // What an adopted member had is kept on the engine where drydock works for it.
  const keeper = member.adopted ? { ...member, host: state.definition.hosts[0] ?? '' } : member;
  if (record.volume !== '' && record.volume !== member.volume) gone = await removeVolume(env, state.definition.name, keeper, record.volume);
  // The name was made by us, but comes back from a table: nothing else is ever removed.
  else if (record.file !== null && /^drydock-errant-epoch-\d+\.sql$/.test(record.file)) {
    await mustRun(env, member, 'forget', `rm -f ${dataFolder}/${record.file}`);
    gone = record.file;
  }
  await withSession(connect, state, memberOf(state, state.primary), {}, async (session) => {
    await checkEpoch(session, state);
    await decideErrant(session, record, 'forgotten', decided);
  });
  return gone;
}
