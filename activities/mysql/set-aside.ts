import { Context } from '@temporalio/activity';

import type { ErrantRecord } from '../../schemas/errant';
import { count } from '../../schemas/gtid';
import type { ClusterState, Member } from '../../schemas/topology';
import { asideFolder, byHand, withTool } from '../docker/tool';
import type { ActivityEnvironment } from '../environment';
import { codeOf, failure } from '../failure';
import { redact } from '../redact';
import { changeMember, checkEpoch, memberOf, withSession } from './change-member';
import { runInContainer, withFiles } from './container-exec';
import { clientFile, dumpToFile, type OptionFile, schemasOf } from './dump';
import { decodeRemote, type KeptErrant, readSummary } from './errant';
import { recordErrant } from './errant-records';
import { flavorOf } from './flavors';
import { errantBeyond, executedSets } from './observe';
import { createConnect } from './session';
import type { Session } from './types';

/**
 * Keeps all that an adopted member has in a volume, a dump of its data and the decoded text of what it alone has, and takes it off
 * replication: it is about to be built anew, and nothing of it may be lost by that. Throws PrecheckFailed when it can not be kept whole; then
 * the member is as it was. A second attempt writes the same files anew.
 */
export async function setAside(env: ActivityEnvironment, operation: string, state: ClusterState, name: string): Promise<{ kept: string }> {
  const connect = createConnect(env);
  const member = memberOf(state, name);
  const primary = memberOf(state, state.primary);
  const { definition } = state;
  return withTool(env, operation, state, member, (tool) =>
    withSession(connect, state, primary, {}, async (primarySession) => {
      await checkEpoch(primarySession, state);
      return withSession(connect, state, member, { queryTimeoutMs: 30_000 }, async (session) => {
        const flavor = flavorOf(session);
        const mine = flavor.gtid ? await executedSets(session) : undefined;
        const errant = mine ? await errantBeyond(primarySession, mine.state) : '';
        const theirs = flavor.gtid ? await executedSets(primarySession) : undefined;
        const source = await clientFile(env, state, flavor, member);
        const text = errant === '' ? undefined : await decoded(env, tool, state, session, source, errant, theirs?.state ?? '');
        const { names } = await schemasOf(session);
        try {
          await dumpToFile(env, tool, definition, source, names, `${asideFolder}/data-epoch-${state.epoch}.sql.gz`);
        } catch (error) {
          if (Context.current().cancellationSignal.aborted || codeOf(error) === 'EngineUnavailable') throw error;
          throw byHand(definition.name, name, `what it has could not be kept aside (${redact(String(error))})`);
        }
        const since = mine ? await errantBeyond(primarySession, (await executedSets(session))?.state ?? '') : '';
        if (since !== errant) throw failure('PrecheckFailed', `${name} was written to while what it has was kept: again`, [], true);
        const record: ErrantRecord = {
          ...(text ?? { transactions: 0, changes: [], file: `data-epoch-${state.epoch}.sql.gz` }),
          member: name,
          epoch: state.epoch,
          volume: tool.volume,
          gtids: errant,
          outcome: 'found',
          decided: '',
          at: new Date().toISOString(),
        };
        // Here a primary that can't write ends it: the volume's name would be forgotten.
        await recordErrant(primarySession, record);
        await changeMember(connect, state, member, (locked) => locked.flavor.detach(locked.session));
        return { kept: tool.volume };
      });
    }),
  );
}

/** What it alone has, from its binary logs; without its text the data are kept all the same. */
async function decoded(
  env: ActivityEnvironment,
  tool: Member,
  state: ClusterState,
  session: Session,
  source: OptionFile,
  errant: string,
  primaryState: string,
): Promise<KeptErrant> {
  const logs = await session.query<{ Log_name: string }>('SHOW BINARY LOGS');
  const names = logs.map(({ Log_name }) => Log_name);
  const file = `drydock-errant-epoch-${state.epoch}.sql`;
  const script = decodeRemote(state.definition.engine, source.path, names, errant, primaryState, `${asideFolder}/${file}`);
  const { exitCode, output, complaint } = await withFiles(env, tool, [source], () => runInContainer(env, tool, 'errant', script));
  const { transactions, changes } = readSummary(exitCode === 0 ? output : '', state.definition.engine === 'mariadb' ? null : count(errant));
  if (exitCode === 0) return { file, transactions, changes };
  env.log.warn({ member: session.member, complaint: redact(complaint) }, 'what a member alone has could not be decoded');
  return { file: null, transactions, changes };
}
