import type { ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { createConnect } from '../mysql/session';
import type { Session } from '../mysql/types';
import { readJournal } from '../switch/locked-member';
import { holderName } from './address-holder';
import { inspectContainer, removeContainer } from './container';
import { ask, hostOf, ifThere, statusOf, stillWanted } from './engine';
import { ownedBy, specOf } from './labels';
import { stopMember } from './member';
import type { Removal } from './remove';

/**
 * Stops a member for good and proves that its server does not run, and so receives and acknowledges nothing: its engine says so. Of a host that is not
 * in the inventory any more a person has said that it does not come back. Throws ExpectationFailed when it has become the primary since it was looked at,
 * EngineUnavailable while its host does not answer.
 */
export async function retireMember(env: ActivityEnvironment, state: ClusterState, member: Member): Promise<{ gone: boolean }> {
  if (!env.hosts.has(member.host)) return { gone: true };
  await refusePromoted(env, state, member);
  stillWanted();
  const { stopped } = await stopMember(env, member, true);
  if (!stopped)
    throw failure('EngineUnavailable', `host ${member.host} does not confirm that ${member.name} is stopped: its engine does not know it`);
  return { gone: false };
}

/**
 * An unplanned pivot waits for nobody. An old primary that was never rejoined has itself as the primary of an earlier epoch; what does not answer takes
 * no writes that could be asked for.
 */
async function refusePromoted(env: ActivityEnvironment, state: ClusterState, member: Member): Promise<void> {
  let session: Session;
  try {
    session = await createConnect(env)(state.definition.name, member, {
      purpose: 'operation',
      connectTimeoutMs: 1000,
      queryTimeoutMs: 2000,
    });
  } catch {
    return;
  }
  try {
    // Before its accounts and its journal are made there is nothing of it to lose.
    const journal = await readJournal(session).catch(() => null);
    if (journal?.primary !== member.name || journal.epoch <= state.epoch) return;
  } finally {
    session.end();
  }
  throw failure('ExpectationFailed', `${member.name} has become the primary: it stays`, [
    { path: `member ${member.name}`, message: 'is the primary by its journal' },
  ]);
}

/**
 * Removes a member that was stopped for good: server, holder of its address, and with `deleteData` all of its volumes. Throws ExpectationFailed when its
 * server runs: whoever started it may have promoted it.
 */
export async function removeMember(
  env: Pick<ActivityEnvironment, 'hosts' | 'instance'>,
  cluster: string,
  member: Member,
  deleteData: boolean,
): Promise<Removal> {
  const outcome: Removal = { removed: [], kept: [] };
  if (!env.hosts.has(member.host)) return { removed: [], kept: [`whatever host ${member.host} has, which is not in the inventory`] };
  const host = hostOf(env, member.host);
  if (await removeStopped(host, member)) outcome.removed.push(`container ${member.container}`);
  stillWanted();
  if (await removeContainer(host, holderName(member))) outcome.removed.push(`container ${holderName(member)}`);
  const { Volumes } = await ask(host, () => host.engine.listVolumes({ filters: ownedBy(env.instance, cluster, 'volume') }));
  const volumes = (Volumes ?? []).filter(({ Labels }) => specOf('volume', Labels)?.member === member.name).map(({ Name }) => Name);
  for (const volume of volumes.sort()) {
    stillWanted();
    if (!deleteData) outcome.kept.push(`volume ${volume}`);
    else if (await ifThere(host, async () => (await host.engine.getVolume(volume).remove(), true)))
      outcome.removed.push(`volume ${volume}`);
  }
  return outcome;
}

/** Not by force: the engine itself refuses one that runs. */
async function removeStopped(host: Host, member: Member): Promise<boolean> {
  try {
    return (await ifThere(host, async () => (await host.engine.getContainer(member.container).remove(), true))) ?? false;
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    const found = await inspectContainer(host, member.container);
    // Another attempt is removing it, or has.
    if (!found?.State.Running) return false;
    throw failure('ExpectationFailed', `${member.name} was started again meanwhile: it stays a member`, [
      { path: `member ${member.name}`, message: 'its server runs' },
    ]);
  }
}
