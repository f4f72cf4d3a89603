import type { MysqlActivities } from '../contracts';
import { coded } from '../docker/engine';
import type { ActivityEnvironment } from '../environment';
import { acceptErrant } from './accept-errant';
import { applyRole } from './apply-role';
import { compareWithPrimary } from './compare';
import { proveEquality } from './equality';
import { listErrant } from './errant-records';
import { followPrimary } from './follow';
import { forgetErrant } from './forget-errant';
import { initialiseMember } from './initialise';
import { observeCluster } from './observe';
import { openFirstPrimary } from './open-first';
import { releaseDonor } from './physical/donor';
import { seedMember } from './seed';
import { setAside } from './set-aside';
import { createConnect } from './session';
import { examineUpgrade, readShapes } from './upgrade';
import { checkAssertions } from './upgrade/assertions';
import { changeSchema } from './upgrade/change-schema';
import { replayReads } from './upgrade/reads';

/** One server at a time, or a look at all of them. */
export function createMysqlActivities(env: ActivityEnvironment): MysqlActivities {
  const connect = createConnect(env);
  return {
    observeCluster: (cluster, primary) => observeCluster(connect, cluster, primary),
    initialiseMember: (cluster, member) => initialiseMember(env, cluster, member),
    openFirstPrimary: (cluster, primary, operation) => openFirstPrimary(env, cluster, primary, operation),
    followPrimary: (state, member, from) => followPrimary(env, state, member, from),
    seedMember: (state, member, donor, recipe) => coded(() => seedMember(env, state, member, donor, recipe)),
    releaseDonor: (state, donor) => coded(() => releaseDonor(env, state, donor)),
    setAside: (operation, state, member) => coded(() => setAside(env, operation, state, member)),
    compareWithPrimary: (state, member) => compareWithPrimary(env, state, member),
    listErrant: (state) => listErrant(connect, state),
    acceptErrant: (state, member, gtids, decided) => acceptErrant(env, state, member, gtids, decided),
    forgetErrant: (state, record, decided) => forgetErrant(env, state, record, decided),
    applyRole: (state, member) => applyRole(connect, state, member),
    proveEquality: (state, members) => proveEquality(env, state, members),
    changeSchema: (state, member, statements, conversions) => changeSchema(env, state, member, statements, conversions),
    readShapes: (cluster, member, tables) => readShapes(env, cluster, member, tables),
    checkAssertions: (cluster, member, assertions) => checkAssertions(env, cluster, member, assertions),
    replayReads: (state, member, from, seconds) => replayReads(env, state, member, from, seconds),
    examineUpgrade: (cluster, member, question) => examineUpgrade(env, cluster, member, question),
  };
}
