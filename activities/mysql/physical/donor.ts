import { setTimeout as sleep } from 'node:timers/promises';

import type { ReplicationView, SemiSyncView } from '../../../schemas/observation';
import type { ClusterState, Member } from '../../../schemas/topology';
import { inspectContainer, isStopped } from '../../docker/container';
import { ask, hostOf, statusOf, stillWanted } from '../../docker/engine';
import { startMember } from '../../docker/member';
import type { ActivityEnvironment } from '../../environment';
import { codeOf, failure } from '../../failure';
import { asFailure, changeMember, checkEpoch, memberOf, withSession } from '../change-member';
import { flavorOf } from '../flavors';
import { followPrimary } from '../follow';
import { seedPosition, type SeedPosition } from '../seed-position';
import { createConnect } from '../session';
import type { Connect, Session } from '../types';

/** A shutdown that purges and merges all that InnoDB has put off may take long on a busy server. */
const stopBoundMs = 3_600_000;
/** How often the primary is asked whether it can do without the donor. */
const watchMs = 1000;

/** Why a replica must not be stopped for a copy; undefined when it may. Pure. */
export function reasonNotToStop(
  donor: string,
  view: Pick<ReplicationView, 'receiver' | 'applier' | 'delaySeconds'> | null,
  donorsSemiSync: Pick<SemiSyncView, 'replicaEnabled'>,
  primary: Pick<SemiSyncView, 'sourceEnabled' | 'clients' | 'required'>,
): string | undefined {
  if (view?.receiver !== 'running' || view.applier !== 'running') return `${donor} does not replicate`;
  if (view.delaySeconds > 0) return `${donor} is ${view.delaySeconds} s behind on purpose`;
  if (!primary.sourceEnabled) return undefined;
  const left = primary.clients - (donorsSemiSync.replicaEnabled ? 1 : 0);
  return left < primary.required
    ? `without ${donor} only ${left} of the ${primary.required} receipts that a commit needs could come, and writes would wait`
    : undefined;
}

/** The primary, while a replica of it is away. */
export class PrimaryWatch {
  private nextAt = 0;

  private constructor(
    private readonly state: ClusterState,
    private readonly session: Session,
  ) {}

  static async open(connect: Connect, state: ClusterState): Promise<PrimaryWatch> {
    const primary = memberOf(state, state.primary);
    try {
      const options = { purpose: 'operation', connectTimeoutMs: 2000, queryTimeoutMs: 5000 } as const;
      return new PrimaryWatch(state, await connect(state.definition.name, primary, options));
    } catch (error) {
      throw asFailure(error);
    }
  }

  semiSync(): Promise<SemiSyncView> {
    return flavorOf(this.session).semiSync(this.session);
  }

  /**
   * Throws when the donor is wanted back: the primary does not answer or is another one by now (whoever is to be promoted must ask all that may have
   * acknowledged), or its writes have nobody left to acknowledge them.
   */
  async look(): Promise<void> {
    if (Date.now() < this.nextAt) return;
    this.nextAt = Date.now() + watchMs;
    try {
      await checkEpoch(this.session, this.state);
      const { sourceEnabled, clients, required } = await this.semiSync();
      if (sourceEnabled && clients < required)
        throw failure(
          'NoAcknowledger',
          `${this.state.primary} has ${clients} of ${required} acknowledgers while a donor is away`,
          [],
          true,
        );
    } catch (error) {
      throw asFailure(error);
    }
  }

  end(): void {
    this.session.end();
  }
}

/**
 * Lets a replica stand still, reads the place that its data stand for, and stops its server in order. Nothing is killed: a server that was is no donor.
 * `thorough`: nothing is left over in the files that another version would have to finish. Throws PrecheckFailed, NoAcknowledger.
 */
export async function stopDonor(
  env: ActivityEnvironment,
  connect: Connect,
  state: ClusterState,
  donor: Member,
  watch: PrimaryWatch,
  thorough: boolean,
): Promise<SeedPosition> {
  const primary = memberOf(state, state.primary);
  const position = await changeMember(connect, state, donor, async ({ session }) => {
    const flavor = flavorOf(session);
    const reason = reasonNotToStop(donor.name, await flavor.replication(session), await flavor.semiSync(session), await watch.semiSync());
    if (reason !== undefined) throw failure('PrecheckFailed', `${reason}: choose another donor, or seed by dump`, [], true);
    await flavor.stopApplier(session);
    const place = await seedPosition(session, flavor, primary);
    await flavor.stopReplication(session);
    stillWanted();
    // Also whether this session still is: a later attempt ends it.
    const still = await flavor.replication(session);
    if (still?.receiver !== 'stopped' || still.applier !== 'stopped')
      throw failure('Internal', `${donor.name} was made to replicate while it was to stand still`, [], true);
    if (thorough) await session.query('SET GLOBAL innodb_fast_shutdown=0');
    await askToStop(env, donor);
    return place;
  });
  await untilStopped(env, donor, watch);
  return position;
}

/** By a signal of our own: a container of a semi-sync cluster is otherwise stopped as a crash would. */
async function askToStop(env: ActivityEnvironment, { host: name, container }: Member): Promise<void> {
  const host = hostOf(env, name);
  try {
    await ask(host, () => host.engine.getContainer(container).kill({ signal: 'SIGTERM' }));
  } catch (error) {
    // It does not run.
    if (statusOf(error) !== 409) throw error;
  }
}

async function untilStopped(env: ActivityEnvironment, donor: Member, watch: PrimaryWatch): Promise<void> {
  const host = hostOf(env, donor.host);
  for (const deadline = Date.now() + stopBoundMs; !(await isStopped(host, donor.container));) {
    stillWanted();
    await watch.look();
    if (Date.now() > deadline) throw failure('TimedOut', `${donor.name} did not stop within ${stopBoundMs / 1000} s`);
    await sleep(100);
  }
}

/** When a container ended and began last: whether somebody started it meanwhile. */
export async function standstill(env: ActivityEnvironment, member: Member): Promise<{ inOrder: boolean; since: string; volume: string }> {
  const found = await inspectContainer(hostOf(env, member.host), member.container);
  const volume = found?.Mounts.find(({ Type, Name }) => Type === 'volume' && Name)?.Name ?? member.volume;
  const { Running, ExitCode, StartedAt, FinishedAt } = found?.State ?? {};
  return { inOrder: Running === false && ExitCode === 0, since: `${Running} ${StartedAt} ${FinishedAt}`, volume };
}

/**
 * Starts the server of a donor that was stopped for a copy, and lets it follow again; nothing happens when it does. When the primary has changed
 * meanwhile it only runs: the guard, which knows the new one, makes it follow.
 */
export async function releaseDonor(env: ActivityEnvironment, state: ClusterState, name: string): Promise<void> {
  const donor = memberOf(state, name);
  if (name === state.primary) return;
  await startMember(env, donor).catch((error: unknown) => {
    if (codeOf(error) !== 'MemberUnreachable') throw error;
    // It may still have been about to stop.
    return startMember(env, donor);
  });
  if (await replicates(createConnect(env), state, donor)) return;
  try {
    await followPrimary(env, state, name);
  } catch (error) {
    if (codeOf(error) !== 'StaleEpoch') throw error;
    env.log.info({ member: name }, 'the primary changed while this donor was away: the guard makes it follow');
  }
}

const replicates = (connect: Connect, state: ClusterState, donor: Member): Promise<boolean> =>
  withSession(connect, state, donor, { connectTimeoutMs: 5000 }, async (session) => {
    const view = await flavorOf(session).replication(session);
    return view?.receiver === 'running' && view.applier === 'running';
  });
