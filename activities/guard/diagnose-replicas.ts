import { delayOf, mayAcknowledge, sourcesOf } from '../../schemas/member-rules';
import type { Finding } from '../../schemas/guard';
import type { MemberView, ReplicationView } from '../../schemas/observation';
import type { Sight } from './sight';

/** What is wrong with each replica by itself. A receiver that lost a primary that does not answer is no fault of the replica. */
export function diagnoseReplicas(sight: Sight): Finding[] {
  return sight.replicas.flatMap((view) => {
    const found = diagnoseReplica(view, sight);
    return found ? [found] : [];
  });
}

function diagnoseReplica(view: MemberView, sight: Sight): Finding | undefined {
  const name = view.name;
  const member = { member: name };
  if (view.reach === 'busy' || view.reach === 'denied')
    return { diagnosis: 'ReplicaDown', ...member, detail: `${name} answers, but not with data: ${view.error ?? view.reach}` };
  if (view.reach !== 'answers')
    return {
      diagnosis: 'ReplicaDown',
      ...member,
      detail: `${name} does not answer (${view.error ?? view.reach}); its container is ${view.container}`,
    };
  if (view.errant)
    return { diagnosis: 'ReplicaDiverged', ...member, detail: `${name} has transactions that the primary does not have: ${view.errant}` };

  const replication = view.replication;
  if (!replication) return { diagnosis: 'MemberNotFollowing', ...member, detail: `${name} does not replicate` };
  return (
    elsewhere(name, replication, sight) ??
    broken(name, replication, sight.primary.reach === 'answers') ??
    lagging(view, sight) ??
    acknowledging(view, sight)
  );
}

/** It replicates from somebody whom nothing says it should follow, or without the delay that it is kept with. */
function elsewhere(name: string, replication: ReplicationView, sight: Sight): Finding | undefined {
  const { sourceAddress, sourcePort, delaySeconds } = replication;
  const accepted = acceptedSources(name, sight);
  const from = sight.state.members.find(({ address, port }) => address === sourceAddress && port === sourcePort);
  if (!from || !accepted.includes(from.name)) {
    const expected = sight.state.members.filter(({ name: each }) => accepted.includes(each));
    return {
      diagnosis: 'MemberNotFollowing',
      member: name,
      detail: `${name} replicates from ${sourceAddress}:${sourcePort}${from ? ` (${from.name})` : ''}, expected ${expected.map((each) => `${each.address}:${each.port} (${each.name})`).join(' or ')}`,
    };
  }
  const delay = delayOf(sight.state.definition, name);
  if (delay === 0 || delaySeconds === delay) return undefined;
  return { diagnosis: 'MemberNotFollowing', member: name, detail: `${name} is delayed by ${delaySeconds} s, its rule says ${delay} s` };
}

/**
 * The primary, or, for a cascading member, the member that its rule names. While that one does not answer, whoever it would follow itself;
 * while it answers and is not well, both are right, so that nobody is moved to a source that is being mended.
 */
function acceptedSources(name: string, { state, replicas }: Sight): string[] {
  const accepted: string[] = [];
  for (const source of sourcesOf(state.definition, name, state.primary)) {
    const view = replicas.find((each) => each.name === source);
    if (source === state.primary) accepted.push(source);
    if (view?.reach !== 'answers') continue;
    accepted.push(source);
    if (!view.errant && view.replication?.receiver === 'running' && view.replication.applier === 'running') break;
  }
  return accepted;
}

function broken(name: string, replication: ReplicationView, primaryAnswers: boolean): Finding | undefined {
  const { receiver, applier, receiverError, applierError } = replication;
  if (applier === 'stopped' && applierError)
    return {
      diagnosis: 'ReplicationBroken',
      member: name,
      detail: `the applier of ${name} stopped: ${applierError.code} ${applierError.message}`,
    };
  if (!primaryAnswers) return undefined;
  if (receiver !== 'running' && receiverError)
    return {
      diagnosis: 'ReplicationBroken',
      member: name,
      detail: `${name} does not receive (${receiver}): ${receiverError.code} ${receiverError.message}`,
    };
  if (receiver === 'connecting') return { diagnosis: 'ReplicationBroken', member: name, detail: `${name} can not connect to the primary` };
  if (receiver === 'stopped' || applier === 'stopped')
    return { diagnosis: 'MemberNotFollowing', member: name, detail: `${name} is stopped (receiver ${receiver}, applier ${applier})` };
  return undefined;
}

/** By the heartbeat row where it is known: it has milliseconds and does not jump; else by the server's own seconds. */
function lagging(view: MemberView, { state, facts }: Sight): Finding | undefined {
  const measured = facts.lagMs[view.name];
  const lag = measured !== undefined && measured !== null ? measured / 1000 : view.replication?.lagSeconds;
  const bound = state.definition.maxReadLagSeconds + delayOf(state.definition, view.name);
  if (lag === undefined || lag === null || lag <= bound) return undefined;
  return { diagnosis: 'ReplicaLagging', member: view.name, detail: `${view.name} is more than ${bound} s behind` };
}

/** It follows, and its acknowledgements are not what its role asks for: an attempt that died in the middle, or somebody, changed the setting. */
function acknowledging(view: MemberView, { state }: Sight): Finding | undefined {
  const member = state.members.find(({ name }) => name === view.name);
  const follows = view.replication?.receiver === 'running';
  if (!member || !follows || !view.semiSync?.available || state.definition.durability !== 'semi-sync') return undefined;
  const may = mayAcknowledge(state.definition, member);
  if (view.semiSync.replicaEnabled === may) return undefined;
  return {
    diagnosis: 'SemiSyncOff',
    member: view.name,
    detail: may ? `${view.name} follows, but does not acknowledge` : `${view.name} acknowledges, although it is never promoted`,
  };
}
