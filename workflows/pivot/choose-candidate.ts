import type { ClusterDefinition } from '../../schemas/cluster';
import { isNew, sameSide } from '../../schemas/generations';
import { contains } from '../../schemas/gtid';
import { delayOf, followedBy, isBystander, standsAside } from '../../schemas/member-rules';
import type { MemberView, Observation } from '../../schemas/observation';
import type { CandidateVerdict, Towards } from '../../schemas/pivot';
import { compareReceived, receivedBy } from '../../schemas/positions';
import type { ClusterState, Member } from '../../schemas/topology';
import { cannotFollow, compareVersions } from './can-follow';

export interface ChoiceOptions {
  /** A planned pivot brings everybody to the primary's end, so who received most does not matter. */
  unplanned: boolean;
  /** Member asked for by name. */
  to?: string;
  /** A planned pivot of an upgrade: members of the other side, which could not follow the new primary, are no reason to refuse it. */
  towards?: Towards;
}

export interface Choice {
  /** Every member but the primary, the best first. */
  verdicts: CandidateVerdict[];
  chosen?: string;
  /** Members fit to be promoted if they have received most. */
  comparable: string[];
  /** Why members could not follow the chosen one: an unplanned pivot goes on all the same, since data come first. */
  leftBehind: string[];
}

/** Above this lag the catch-up of a planned pivot would not fit into its bound of 10 s. */
export const MAX_LAG_SECONDS = 5;

export const lagBound = ({ candidates }: ClusterDefinition): number => candidates.maxLagSeconds ?? MAX_LAG_SECONDS;

/**
 * Who is promoted. Data first, rules second: an eligible member that received less than another eligible one is never chosen
 * in an unplanned pivot, whatever the rules prefer. So what others could not follow (version, format of the binary log) and a long
 * backlog refuse a planned pivot, and only rank the members of an unplanned one.
 */
export function chooseCandidate(state: ClusterState, observation: Observation, options: ChoiceOptions): Choice {
  const { definition, members, primary } = state;
  const views = new Map(observation.members.map((view) => [view.name, view]));
  const ranked = members
    .filter((member) => member.name !== primary)
    .map((member) => {
      const view = views.get(member.name);
      const reasons = ineligible(definition, member, view, observation, primary, options.unplanned);
      const others = options.towards ? ofItsSide(state, observation, member.name) : observation;
      const behind = view ? wouldBeLeftBehind(view, others, primary, options.unplanned) : [];
      const wrong = wrongSide(state, member, options.towards);
      return {
        member,
        view,
        reasons: options.unplanned ? reasons : [...reasons, ...wrong, ...tooFar(definition, view), ...behind],
        behind,
      };
    });

  const eligible = ranked.filter(({ reasons }) => reasons.length === 0);
  const most = options.unplanned ? eligible.filter(({ view }) => eligible.every((other) => hasAllOf(view, other.view))) : eligible;
  const behind = new Set(eligible.filter((entry) => !most.includes(entry)).map(({ member }) => member.name));
  const home = members.find(({ name }) => name === primary)?.dataCentre;
  const order = [...most].sort((a, b) => byRules(definition, home, a, b));
  const wanted = options.to === undefined ? order : order.filter(({ member }) => member.name === options.to);

  const verdicts: CandidateVerdict[] = [
    ...order.map(({ member }) => ({ member: member.name, eligible: true, reasons: [] })),
    ...ranked
      .filter((entry) => !most.includes(entry))
      .map(({ member, reasons }) => ({
        member: member.name,
        eligible: false,
        reasons: behind.has(member.name) ? ['another member has received more'] : reasons,
      })),
  ];
  return {
    verdicts,
    chosen: wanted[0]?.member.name,
    comparable: eligible.map(({ member }) => member.name),
    leftBehind: wanted[0]?.behind ?? [],
  };
}

const ofItsSide = (state: ClusterState, { members }: Observation, name: string): Pick<Observation, 'members'> => ({
  members: members.filter((other) => sameSide(state, name, other.name)),
});

function wrongSide({ upgrade }: ClusterState, member: Member, towards: Towards | undefined): string[] {
  if (towards === undefined) return [];
  if (!upgrade) return ['there is no upgrade that has two generations'];
  return isNew(upgrade, member) === (towards === 'new') ? [] : [`it is not of the ${towards} generation`];
}

/**
 * Members that could not follow this one, with the reason. One that could not follow the present primary either has nothing to lose by it; of
 * an unplanned pivot the old primary is lost, and is built anew if need be.
 */
function wouldBeLeftBehind(view: MemberView, { members }: Pick<Observation, 'members'>, primary: string, unplanned: boolean): string[] {
  const present = members.find(({ name }) => name === primary);
  return members
    .filter(({ name, reach }) => name !== view.name && reach === 'answers' && !(unplanned && name === primary))
    .filter((other) => other === present || !present || cannotFollow(other, present) === undefined)
    .flatMap((other) => cannotFollow(other, view) ?? []);
}

/** Clients of a planned pivot would wait for the rest. */
function tooFar(definition: ClusterDefinition, view: MemberView | undefined): string[] {
  const lag = view?.replication?.lagSeconds ?? 0;
  const bound = lagBound(definition);
  // What a delayed member lags by it is refused for already.
  if (view?.replication?.delaySeconds || lag <= bound) return [];
  return [`it lags by ${Math.round(lag)} s, at most ${bound} s is allowed`];
}

function hasAllOf(view: MemberView | undefined, other: MemberView | undefined): boolean {
  if (!view || !other) return false;
  const comparison = compareReceived(view, other);
  return comparison === 'same' || comparison === 'more';
}

interface Entry {
  member: Member;
  view?: MemberView;
  behind: string[];
}

/** `home` is the data centre of the present primary: clients are near it. */
function byRules(definition: ClusterDefinition, home: string | undefined, a: Entry, b: Entry): number {
  const { prefer, preferHosts, preferDataCentres = [] } = definition.candidates;
  const away = ({ dataCentre }: Member): number => Number(home !== undefined && dataCentre !== home);
  const rank = (list: string[], item: string): number => (list.includes(item) ? list.indexOf(item) : list.length);
  return (
    a.behind.length - b.behind.length ||
    rank(prefer, a.member.name) - rank(prefer, b.member.name) ||
    rank(preferHosts, a.member.host) - rank(preferHosts, b.member.host) ||
    rank(preferDataCentres, a.member.dataCentre ?? '') - rank(preferDataCentres, b.member.dataCentre ?? '') ||
    away(a.member) - away(b.member) ||
    compareVersions(a.view?.version, b.view?.version) ||
    backlog(a.view) - backlog(b.view) ||
    a.member.name.localeCompare(b.member.name, 'en', { numeric: true })
  );
}

/** Seconds of backlog, coarse: a difference below 5 s is none. */
function backlog(view: MemberView | undefined): number {
  if (!view?.replication || view.replication.drained) return 0;
  return Math.floor((view.replication.lagSeconds ?? 0) / 5);
}

/** ER_SLAVE_CHANNEL... of a parallel applier whose coordinator was stopped or killed: it goes on when it is started. */
const COORDINATOR_STOPPED = 1756;

/** Every reason for which a member may not be promoted; empty when it may. */
export function ineligible(
  definition: ClusterDefinition,
  member: Member,
  view: MemberView | undefined,
  observation: Observation,
  primary: string,
  unplanned = false,
): string[] {
  const reasons: string[] = [];
  const rules = definition.candidates;
  if (rules.never.includes(member.name)) reasons.push('the rules say never');
  if (rules.neverHosts.includes(member.host)) reasons.push(`the rules say never on host ${member.host}`);
  const [delay, followed] = [delayOf(definition, member.name), followedBy(definition, member.name)];
  if (delay > 0) reasons.push(`the cluster file delays it by ${delay} s`);
  if (followed !== undefined) reasons.push(`the cluster file makes it follow ${followed}`);
  const aside = standsAside(definition, member.name);
  if (aside) reasons.push(aside === 'kept' ? 'it is kept for the way back of an upgrade' : 'it is of a generation that is not in service');
  if (!view || view.reach !== 'answers') return [...reasons, `it does not answer (${view?.error ?? view?.reach ?? 'not seen'})`];
  const { replication, settings } = view;
  if (!replication) reasons.push('it does not replicate');
  const error = replication?.applierError;
  // An applier that was only stopped is started by an unplanned switch: what it received may be all that is left of a write.
  const startable = unplanned && (!error || error.code === COORDINATOR_STOPPED);
  if (error && !startable) reasons.push(`its applier stopped: ${error.code} ${error.message}`);
  else if (replication?.applier === 'stopped' && !startable) reasons.push('its applier is stopped');
  if (replication?.filtered) reasons.push('it replicates with filters');
  if (replication && replication.delaySeconds > 0 && delay === 0) reasons.push(`it is delayed by ${replication.delaySeconds} s on purpose`);
  if (replication?.mayHaveGaps) reasons.push('its parallel applier may have left gaps');
  if (settings && !settings.logReplicaUpdates) reasons.push('log_slave_updates is off');
  if (view.errant) reasons.push(`it has transactions that the primary lacks: ${view.errant}`);
  const others = observation.members.filter((other) => !isBystander(definition, other.name));
  reasons.push(...purgedThatOthersNeed(view, others, primary));
  return reasons;
}

/**
 * Binary logs of the candidate that are gone, but that another member would ask it for. A delayed one, which needs much, and one that
 * asks somebody else must not keep the others from a primary: it is built anew.
 */
function purgedThatOthersNeed(view: MemberView, members: MemberView[], primary: string): string[] {
  const { purged } = view;
  if (!purged?.gtid) return [];
  const gone = purged.gtid;
  return members
    .filter((other) => other.name !== view.name && other.name !== primary && other.reach === 'answers')
    .filter((other) => {
      const has = receivedBy(other).gtid;
      return has !== undefined && !contains(has, gone);
    })
    .map((other) => `it purged binary logs that ${other.name} still needs`);
}
