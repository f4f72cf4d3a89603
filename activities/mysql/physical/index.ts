import { randomUUID } from 'node:crypto';

import * as gtid from '../../../schemas/gtid';
import { accounts, passwordRef } from '../../../schemas/names';
import type { ClusterState, Member } from '../../../schemas/topology';
import type { SeedingRecipe } from '../../../schemas/upgrade';
import { stopContainer } from '../../docker/container';
import { hostOf, stillWanted } from '../../docker/engine';
import { startMember } from '../../docker/member';
import type { ActivityEnvironment } from '../../environment';
import { failure } from '../../failure';
import { changeMember, memberOf } from '../change-member';
import { flavorOf } from '../flavors';
import type { BaseFlavor } from '../flavors/base';
import { compareFiles } from '../flavors/replication-status';
import { followPrimary } from '../follow';
import { type SeedPosition, standAt } from '../seed-position';
import { createConnect } from '../session';
import type { Connect, Session } from '../types';
import { copyFiles } from './copy-files';
import { PrimaryWatch, releaseDonor, standstill, stopDonor } from './donor';
import { readMark, type SeedMark, writeMark } from './mark';
import { runUpgradeTool } from './upgrade-tool';

/**
 * Gives a new member the files of a replica that was stopped in order, brings them up to the member's version, and makes it follow. The donor follows again
 * when the files are copied, and also when that fails. A copy that was not finished has no mark, and is thrown away by the next attempt.
 */
export async function seedByCopy(
  env: ActivityEnvironment,
  state: ClusterState,
  name: string,
  donorName: string,
  tool: SeedingRecipe['upgradeTool'],
): Promise<{ bytes: number; seconds: number }> {
  const began = Date.now();
  const connect = createConnect(env);
  const [member, donor] = [memberOf(state, name), memberOf(state, donorName)];
  refuseUnfit(state, member, donor);
  const found = await readMark(env, member);
  // Coordinates count in one binary log only.
  const usable =
    found && found.state !== 'void' && (found.position.from === undefined || found.primary === state.primary) ? found : undefined;
  if (!usable) await copyOnce(env, connect, state, { member, donor, tool, replace: found !== undefined });
  else await releaseDonor(env, state, donorName);
  await startMember(env, member);
  const mark = (await readMark(env, member)) ?? usable;
  if (!mark) throw failure('Internal', `the copy of ${donorName} on ${name} has no mark`, [], true);
  await settle(env, connect, state, member, mark);
  await followPrimary(env, state, name);
  return { bytes: mark.bytes, seconds: (Date.now() - began) / 1000 };
}

function refuseUnfit(state: ClusterState, member: Member, donor: Member): void {
  const refuse = (reason: string) =>
    failure('PrecheckFailed', `${member.name} can not have a copy of the files of ${donor.name}: ${reason}; seed it by dump`);
  if (member.name === state.primary || member.name === donor.name)
    throw failure('InvalidInput', `${member.name} can not be seeded from ${donor.name}`);
  if (donor.name === state.primary) throw refuse('it is the primary, which is never stopped for a copy');
  if (donor.adopted ?? member.adopted) throw refuse('it is no container of drydock');
  if (donor.host !== member.host) throw refuse(`it is on host ${donor.host}, and the new one on ${member.host}`);
}

interface Copying {
  member: Member;
  donor: Member;
  tool: SeedingRecipe['upgradeTool'];
  /** There is a copy that is of no use any more. */
  replace: boolean;
}

async function copyOnce(
  env: ActivityEnvironment,
  connect: Connect,
  state: ClusterState,
  { member, donor, tool, replace }: Copying,
): Promise<void> {
  // An attempt before this one may have left the donor stopped: its place is read from a server that answers.
  await releaseDonor(env, state, donor.name);
  const watch = await PrimaryWatch.open(connect, state);
  try {
    await watch.look();
    await stopped(env, member);
    const copied = await copyOfStopped(env, connect, state, watch, { member, donor, tool, replace });
    stillWanted();
    if (tool !== undefined) await runUpgradeTool(env, state, member, copied.volume, tool);
    stillWanted();
    await writeMark(env, member, copied.mark);
  } finally {
    watch.end();
  }
}

/** The new member's own server: whatever is on its volume is no data yet. */
async function stopped(env: ActivityEnvironment, member: Member): Promise<void> {
  const host = hostOf(env, member.host);
  if (!(await stopContainer(host, member.container, true)))
    throw failure('EngineUnavailable', `host ${host.name} does not confirm that ${member.container} is stopped`);
}

/** Neither server may have been started in between, by an attempt that woke up or by anybody: then what was copied is no copy. */
async function copyOfStopped(
  env: ActivityEnvironment,
  connect: Connect,
  state: ClusterState,
  watch: PrimaryWatch,
  { member, donor, tool, replace }: Copying,
): Promise<{ mark: SeedMark; volume: string }> {
  try {
    const position = await stopDonor(env, connect, state, donor, watch, tool !== undefined);
    const copy = randomUUID();
    const [from, to] = await Promise.all([standstill(env, donor), standstill(env, member)]);
    if (!from.inOrder) throw failure('PrecheckFailed', `${donor.name} did not stop in order: it is no donor`, [], true);
    const copied = await copyFiles(
      env,
      state.definition.name,
      { member: donor, volume: from.volume },
      { member, volume: to.volume },
      copy,
      replace,
      () => watch.look(),
    );
    const [fromAfter, toAfter] = await Promise.all([standstill(env, donor), standstill(env, member)]);
    if (fromAfter.since !== from.since || toAfter.since !== to.since)
      throw failure('Internal', `${donor.name} or ${member.name} was started while files were copied: once more`, [], true);
    if (copied.place && position.from && compareFiles(copied.place, position.from) > 0)
      throw failure('Internal', `${donor.name} has applied more than its place said when it was stopped: once more`, [], true);
    const mark: SeedMark = {
      copy,
      state: 'copied',
      member: member.name,
      donor: donor.name,
      primary: state.primary,
      bytes: copied.bytes,
      position,
    };
    return { mark, volume: to.volume };
  } finally {
    await releaseDonor(env, state, donor.name).catch((error: unknown) => {
      env.log.warn(
        { member: donor.name, error: String(error) },
        'a donor does not follow again yet; the next attempt and the guard try again',
      );
    });
  }
}

/** From copied files to a replica with a place of its own, in steps of which none is done twice. */
async function settle(env: ActivityEnvironment, connect: Connect, state: ClusterState, member: Member, mark: SeedMark): Promise<void> {
  const { address, port } = memberOf(state, state.primary);
  const password = await env.secrets.read(passwordRef(state.definition.name, 'replication'));
  await changeMember(connect, state, member, async ({ session }) => {
    const flavor = flavorOf(session);
    const throwAway = async (reason: string): Promise<never> => {
      await writeMark(env, member, { ...mark, state: 'void' });
      throw failure('Internal', `the copy on ${member.name} ${reason}: once more`, [], true);
    };
    if (mark.state === 'following') {
      // Without GTID nothing but its source tells where it goes on.
      if (!flavor.gtid && (await flavor.replication(session)) === null) await throwAway('does not know any more how far it came');
      return;
    }
    if (mark.state === 'copied') {
      const beyond = await beyondItsPlace(session, flavor, mark.position);
      if (beyond !== '') await throwAway(`has ${beyond} beyond the place that was read for it`);
      await flavor.openForOperation(session);
      // What came along of the donor's: where it replicates from, and its relay log.
      await flavor.detach(session);
      await standAt(session, flavor, mark.position);
      await flavor.setReadOnly(session, 5000);
      await writeMark(env, member, { ...mark, state: 'placed' });
    }
    if (flavor.gtid) return;
    await writeMark(env, member, { ...mark, state: 'following' });
    await flavor.follow(session, { address, port, user: accounts.replication, password }, mark.position.from);
  });
}

/** The copy itself tells what it has, where a version keeps that beside the data: more than its place says would be applied twice. */
async function beyondItsPlace(session: Session, flavor: BaseFlavor, position: SeedPosition): Promise<string> {
  if (position.gtid === undefined || (flavor.engine === 'mysql' && !flavor.superReadOnly)) return '';
  const [row] = await session.query<{ has: string }>(
    `SELECT @@GLOBAL.${flavor.engine === 'mariadb' ? 'gtid_slave_pos' : 'gtid_executed'} AS has`,
  );
  return gtid.subtract(gtid.normalise(row?.has ?? ''), position.gtid);
}
