import { Context } from '@temporalio/activity';

import type { AdoptionActivities } from '../contracts';
import { coded } from '../docker/engine';
import type { ActivityEnvironment } from '../environment';
import { createConnect } from '../mysql/session';
import { asFailure } from '../mysql/change-member';
import { dropOwnAccounts, makeOwnAccounts } from './accounts';
import { examineMembers } from './examine';
import { openAdopted } from './open';
import { forgetAdoption, recordAdoption } from './record';
import { prepareRouters } from './routers';
import { restoreSettings, settleMember } from './settings';

/** Clusters that others made: looked at, taken, and given back. */
export function createAdoptionActivities(env: ActivityEnvironment): AdoptionActivities {
  const connect = createConnect(env);
  return {
    examineMembers: (file, members) => beating(() => examineMembers(env, file, members)),
    makeOwnAccounts: (cluster, primary) => beating(() => makeOwnAccounts(env, cluster, primary, stillWanted)),
    dropOwnAccounts: (cluster, primary, keep) => beating(() => dropOwnAccounts(env, cluster, primary, keep)),
    prepareRouters: (operation, cluster) => beating(() => coded(() => prepareRouters(env, operation, cluster))),
    openAdopted: (cluster, primary, operation) => beating(() => openAdopted(connect, cluster, primary, operation)),
    settleMember: (state, member) => beating(() => settleMember(connect, state, member)),
    restoreSettings: (cluster, member, settings) => beating(() => restoreSettings(connect, cluster, member, settings)),
    recordAdoption: (cluster) => beating(() => recordAdoption(env.client, cluster)),
    forgetAdoption: (cluster) => beating(() => forgetAdoption(env.client, cluster)),
  };
}

function stillWanted(): void {
  Context.current().cancellationSignal.throwIfAborted();
}

/** Servers may take their time to answer: heartbeats meanwhile. Errors of sessions leave with a code. */
async function beating<Result>(work: () => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 1000);
  try {
    return await work();
  } catch (error) {
    throw asFailure(error);
  } finally {
    clearInterval(timer);
  }
}
