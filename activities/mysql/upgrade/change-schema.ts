import { Context } from '@temporalio/activity';

import { accounts, passwordRef } from '../../../schemas/names';
import type { ClusterState } from '../../../schemas/topology';
import type { ActivityEnvironment } from '../../environment';
import { failure } from '../../failure';
import { changeMember, memberOf } from '../change-member';
import { runFolder, runInContainer, withFiles } from '../container-exec';
import { optionValue } from '../dump';
import { flavorOf } from '../flavors';
import { createConnect } from '../session';
import type { Session } from '../types';
import { atLeast, parseVersion } from '../version';

const rootFile = `${runFolder}-ddl-root.cnf`;
const statementFile = `${runFolder}-ddl.sql`;

/** What is told by a statement whose work is done already: column or index there, or gone. */
const alreadyDone = /ERROR (1060|1061|1091) /;

/**
 * Changes the schema of a replica alone: its applier stands still meanwhile, and nothing gets into its binary log. A second attempt may meet what the one
 * before it had done, so the caller compares the tables with what they should have become. Throws PrecheckFailed with what a server says.
 */
export async function changeSchema(
  env: ActivityEnvironment,
  state: ClusterState,
  name: string,
  statements: string[],
  conversions: boolean,
): Promise<void> {
  const member = memberOf(state, name);
  if (name === state.primary) throw failure('InvalidInput', `${name} is the primary: its schema is changed by whoever writes to it`);
  const context = Context.current();
  const again = context.info.attempt > 1;
  const done = Number(context.info.heartbeatDetails ?? 0);
  await changeMember(createConnect(env), state, member, async ({ session, flavor }) => {
    if (conversions) await allowConversions(session);
    await flavorOf(session).stopApplier(session);
    try {
      await flavor.openForOperation(session);
      for (const [at, statement] of statements.entries()) {
        if (at < done) continue;
        context.cancellationSignal.throwIfAborted();
        context.heartbeat(at);
        await execute(env, state, name, statement, again);
      }
      context.heartbeat(statements.length);
    } finally {
      if (session.open) {
        await flavor.setReadOnly(session, 5000);
        await flavor.startApplier(session);
      }
    }
  });
}

/** Only wider types: whatever would lose something goes on stopping the applier. */
async function allowConversions(session: Session): Promise<void> {
  const version = parseVersion(session.serverVersion);
  const word = version.engine === 'mysql' && atLeast(version, 8, 0, 26) ? 'replica' : 'slave';
  await session.query(`SET GLOBAL ${word}_type_conversions='ALL_NON_LOSSY'`);
}

/** As a literal: the client takes `\!` and the like in a plain statement for orders to itself. One statement alone can be prepared. */
const prepared = (statement: string): string =>
  [
    'SET SESSION sql_log_bin=0;',
    `SET @statement = CONVERT(X'${Buffer.from(statement, 'utf8').toString('hex')}' USING utf8mb4);`,
    'PREPARE statement FROM @statement;',
    'EXECUTE statement;',
    '',
  ].join('\n');

/** As root on the server's own socket: no account that is reached from afar may change tables of users. */
async function execute(env: ActivityEnvironment, state: ClusterState, name: string, statement: string, again: boolean): Promise<void> {
  const member = memberOf(state, name);
  const root = await env.secrets.read(passwordRef(state.definition.name, 'root'));
  const files = [
    { path: rootFile, content: `[client]\nuser=${accounts.root}\npassword=${optionValue(root)}\nprotocol=socket\nsocket=@socket@\n` },
    { path: statementFile, content: prepared(statement) },
  ];
  const script = [
    `socket=/run/mysqld/mysqld.sock; [ -S $socket ] || socket=/var/run/mysqld/mysqld.sock; sed -i "s#@socket@#$socket#" ${rootFile}`,
    `"$(command -v mysql || command -v mariadb)" --defaults-file=${rootFile} --default-character-set=utf8mb4 < ${statementFile}`,
  ].join('\n');
  const { exitCode, complaint } = await withFiles(env, member, files, () => runInContainer(env, member, 'ddl', script));
  if (exitCode === 0 || (again && alreadyDone.test(complaint))) return;
  throw failure('PrecheckFailed', `${name}: ${complaint || `exit code ${exitCode}`}: ${statement.replace(/\s+/g, ' ').slice(0, 200)}`);
}
