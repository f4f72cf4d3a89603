/**
 * What is wrong with a cluster: pure functions over one observation and what the watch remembers. docs/guard.md gives the rules in
 * words; test/unit/guard/fixtures has a state for each.
 */
import type { Diagnosis, Facts, Finding } from '../../schemas/guard';
import type { MemberView, Observation } from '../../schemas/observation';
import type { ClusterState } from '../../schemas/topology';
import { bounds } from './bounds';
import { diagnoseLivingPrimary } from './diagnose-primary';
import { diagnoseReplicas } from './diagnose-replicas';
import { diagnoseRouters } from './diagnose-routers';
import type { Sight } from './sight';
import { witness } from './witness';

/** Every finding; empty when the cluster is healthy. Readers are the routers' wanted readers, when known. */
export function diagnose(state: ClusterState, observation: Observation, facts: Facts, readers?: string[]): Finding[] {
  const primaryMember = state.members.find((member) => member.name === state.primary);
  if (!primaryMember)
    return [{ diagnosis: 'NoQuorumOfSight', detail: `the journal names ${state.primary} as primary, which is no member` }];
  const views = new Map(observation.members.map((view) => [view.name, view]));
  const viewOf = (name: string): MemberView => views.get(name) ?? { name, reach: 'silent', container: 'unknown' };
  const sight: Sight = {
    state,
    facts,
    primaryMember,
    primary: viewOf(state.primary),
    replicas: state.members.filter((member) => member.name !== state.primary).map((member) => viewOf(member.name)),
    observation,
  };
  const lost = diagnoseLostPrimary(sight);
  return [
    ...lost,
    ...(lost.length === 0 ? diagnoseLivingPrimary(sight) : []),
    ...diagnoseReplicas(sight),
    ...diagnoseRouters(sight, readers),
  ];
}

/** How many of the witnesses said what. */
interface Votes {
  hears: string[];
  lost: string[];
  noOpinion: string[];
  absent: string[];
}

function diagnoseLostPrimary(sight: Sight): Finding[] {
  const { primary, replicas, primaryMember, facts } = sight;
  if (primary.reach === 'answers' || primary.reach === 'busy' || primary.reach === 'denied') return [];
  const votes: Votes = { hears: [], lost: [], noOpinion: [], absent: [] };
  const list = { hears: votes.hears, lost: votes.lost, 'no-opinion': votes.noOpinion, absent: votes.absent };
  for (const replica of replicas) list[witness(replica, primaryMember, facts)].push(replica.name);

  if (votes.hears.length > 0)
    return [
      finding(
        'PrimaryUnreachableReplicasReplicating',
        `${primary.name} does not answer us (${words(primary)}), but ${names(votes.hears)} still receive from it`,
      ),
    ];
  if (votes.absent.length === replicas.length) return [nobodyAnswers(sight)];
  return judgeLoss(sight, votes);
}

/** At least one replica answers, and none hears the primary. */
function judgeLoss(sight: Sight, votes: Votes): Finding[] {
  const { primary, replicas, facts } = sight;
  const stopped = primary.container === 'stopped' || primary.container === 'missing';
  const confirmed = votes.lost.length > 0 || stopped;
  if (!confirmed)
    return [
      finding(
        'NoQuorumOfSight',
        `${primary.name} does not answer (${words(primary)}), and no replica that answers replicates from it, so nobody confirms its death`,
      ),
    ];
  const evidence = `${words(primary)}; ${votes.lost.length > 0 ? `${names(votes.lost)} lost it too` : 'no replica receives from it'}${stopped ? '; its container is stopped' : ''}`;
  if (stopped || primary.reach === 'closed' || primary.reach === 'refused')
    return [
      votes.absent.length > 0
        ? finding('PrimaryDeadAndSomeReplicas', `${primary.name} is gone (${evidence}); ${names(votes.absent)} do not answer either`)
        : finding('PrimaryDead', `${primary.name} is gone (${evidence})`),
    ];
  if (facts.primarySilentMs < bounds.hungAfterMs) return [];
  // Silence is weak evidence: on the small side of a cut network it looks the same. So the larger side must agree, or the engine.
  const larger = replicas.length - votes.absent.length > replicas.length / 2;
  if (!larger && primary.container !== 'paused')
    return [
      finding(
        'NoQuorumOfSight',
        `${primary.name} is silent for ${seconds(facts.primarySilentMs)} s, but only ${replicas.length - votes.absent.length} of ${replicas.length} replicas answer`,
      ),
    ];
  return [
    finding('PrimaryHung', `${primary.name} is silent for ${seconds(facts.primarySilentMs)} s; ${names(votes.lost)} hear nothing from it`),
  ];
}

function nobodyAnswers({ primary, replicas, state }: Sight): Finding {
  const all = [primary, ...replicas];
  const down = all.filter((view) => view.container === 'stopped' || view.container === 'missing');
  if (down.length === all.length)
    return finding('AllMembersDead', `the engine says that the containers of all ${all.length} members are stopped`);
  return finding(
    'NoQuorumOfSight',
    `none of the ${state.members.length} members answers (${primary.name}: ${words(primary)}); the engine does not say that all are stopped`,
  );
}

const finding = (diagnosis: Diagnosis, detail: string): Finding => ({ diagnosis, detail });
const names = (list: string[]): string => list.join(', ');
const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const words = (view: MemberView): string => view.error ?? view.reach;
