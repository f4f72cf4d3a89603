/** The plan of an upgrade from what was seen. Pure. */
import type { UpgradeInput } from '../../schemas/inputs';
import { isBystander, mayBePromoted } from '../../schemas/member-rules';
import type { Observation } from '../../schemas/observation';
import type { ClusterState } from '../../schemas/topology';
import type {
  PlannedStep,
  SeedingRecipe,
  Series,
  Target,
  UpgradeExamination,
  UpgradeFinding,
  UpgradePlan,
  UpgradeQuestion,
  VersionPair,
  WayBack,
} from '../../schemas/upgrade';
import type { UpgradeStep } from '../../schemas/upgrade-plan';
import { type DdlVerdict, judgeDdl, tablesOf } from './ddl/judge';
import { newlyReserved } from './facts';
import { preflight } from './preflight';
import { allSteps, isOwn, isSkipped, stepOf } from './steps';
import { findPair, seriesOf, seriesText } from './version-pairs';

export type Asked = Pick<UpgradeInput, 'to' | 'schema' | 'steps'>;

export interface Seen {
  state: ClusterState;
  observation: Observation;
  examination: UpgradeExamination;
}

/** Where it goes: what the input does not say stays as it is. */
export function targetOf({ definition }: Pick<ClusterState, 'definition'>, to: Asked['to']): Target {
  if (!to)
    return { ...seriesOf(definition.engine, definition.version), ...(definition.image === undefined ? {} : { image: definition.image }) };
  const target = seriesOf(to.engine ?? definition.engine, to.version);
  return to.image === undefined ? target : { ...target, image: to.image };
}

/** What the examination is asked for. */
export function questionOf(state: ClusterState, asked: Asked): UpgradeQuestion {
  const from = seriesOf(state.definition.engine, state.definition.version);
  return { words: newlyReserved(from, targetOf(state, asked.to)), tables: tablesOf(asked.schema ?? []) };
}

/**
 * The member that is read from and, later, copied: the one that the plan names, else the last replica that follows and may be promoted, else
 * any that follows; the primary only when there is no other that is fit.
 */
export function donorOf({ state, observation }: Pick<Seen, 'state' | 'observation'>, wanted?: string): string {
  const fit = state.members.filter(({ name }) => {
    const view = observation.members.find((each) => each.name === name);
    return (
      name !== state.primary &&
      view?.reach === 'answers' &&
      view.replication?.applier === 'running' &&
      view.replication.receiver === 'running' &&
      !view.errant
    );
  });
  const named = fit.find(({ name }) => name === wanted);
  const plain = fit.filter(({ name }) => !isBystander(state.definition, name));
  const lower = plain.filter((member) => mayBePromoted(state.definition, member));
  return (named ?? lower.at(-1) ?? plain.at(-1))?.name ?? state.primary;
}

export function planUpgrade(seen: Seen, asked: Asked): UpgradePlan {
  const { state, observation, examination } = seen;
  const steps = allSteps(asked.steps);
  const from = seriesOf(state.definition.engine, examination.version);
  const target = targetOf(state, asked.to);
  const found = findPair(from, target);
  const pair = 'refused' in found ? undefined : found;
  const build = stepOf(steps, 'build-members');
  const alone = examination.member === state.primary;
  // A server that is alone is not stopped for a copy of its files.
  const seeding = pair?.seeding.find(({ kind }) => (build.recipe === undefined ? kind !== 'physical' || !alone : kind === build.recipe));
  const ddl = judgeDdl(asked.schema ?? [], examination.shapes);
  const wayBack = wayBackOf(pair, seeding, { examination, ddl, steps });
  const newMembers = newMembersOf(state, build.replicas, examination.member);
  const estimate = estimateOf(steps, examination, seeding, newMembers.length);
  const context = {
    state,
    observation,
    examination,
    from,
    target,
    ddl,
    steps,
    newMembers,
    estimatedSeconds: estimate.seconds,
    ...(pair ? { pair } : {}),
    ...(seeding ? { seeding } : {}),
    ...(wayBack ? { wayBack } : {}),
  };
  const findings = [
    ...pairFindings(found, build.recipe, from, target, alone),
    ...planFindings(asked, state, newMembers),
    ...preflight(context),
  ];
  return {
    cluster: state.definition.name,
    epoch: state.epoch,
    primary: state.primary,
    from: `${state.definition.engine === 'mysql' ? 'MySQL' : 'MariaDB'} ${examination.version}`,
    to: target.image === undefined ? seriesText(target) : `${seriesText(target)} (${target.image})`,
    target,
    fit: findings.every(({ verdict }) => verdict !== 'refused'),
    findings,
    newMembers,
    ...(seeding ? { seeding } : {}),
    ...(wayBack ? { wayBack } : {}),
    settings: { ...pair?.settings, ...wayBack?.settings },
    steps: steps.map((step) => plannedStep(step, { seen, asked, seeding, wayBack, newMembers })),
    estimate,
  };
}

const finding = (check: string, path: string, message: string, remedy: string): UpgradeFinding => ({
  check,
  verdict: 'refused',
  path,
  message,
  remedy,
  acceptable: false,
});

function pairFindings(
  found: ReturnType<typeof findPair>,
  recipe: SeedingRecipe['kind'] | undefined,
  from: Series,
  to: Series,
  alone: boolean,
): UpgradeFinding[] {
  if ('refused' in found) return [finding('VersionPair', 'to', found.refused, found.remedy)];
  if (alone && recipe === 'physical')
    return [
      finding(
        'SeedingRecipe',
        'steps.build-members.recipe',
        'the server whose files would be copied is the primary, and would have to be stopped',
        'recipe: logical',
      ),
    ];
  if (recipe === undefined || found.seeding.some(({ kind }) => kind === recipe)) return [];
  const ways = found.seeding.map(({ kind }) => kind).join(', ');
  return [
    finding(
      'SeedingRecipe',
      'steps.build-members.recipe',
      `${seriesText(to)} can't be seeded so from ${seriesText(from)}: ${found.seeding[0]?.reason}`,
      `known ways: ${ways}`,
    ),
  ];
}

/** What the plan names must be there. */
function planFindings({ to, schema, steps }: Asked, state: ClusterState, newMembers: UpgradePlan['newMembers']): UpgradeFinding[] {
  const { definition } = state;
  const all = allSteps(steps);
  const [donor, promoted] = [stepOf(all, 'build-members').donor, stepOf(all, 'cut-over').to];
  const found: UpgradeFinding[] = [];
  if (
    schema === undefined &&
    to !== undefined &&
    to.image === undefined &&
    seriesOf(definition.engine, to.version).series === seriesOf(definition.engine, definition.version).series &&
    (to.engine ?? definition.engine) === definition.engine
  )
    found.push(
      finding(
        'NothingToDo',
        'to',
        `the cluster runs ${definition.engine} ${definition.version} already`,
        'name another version, an image, or statements',
      ),
    );
  if (donor !== undefined && (donor === state.primary || !state.members.some(({ name }) => name === donor)))
    found.push(
      finding('UnknownDonor', 'steps.build-members.donor', `${donor} is no replica of the cluster`, `replicas are ${replicaNames(state)}`),
    );
  if (promoted !== undefined && !newMembers.some(({ name }) => name === promoted))
    found.push(
      finding(
        'UnknownMember',
        'steps.cut-over.to',
        `${promoted} will be no new member`,
        `they will be ${newMembers.map(({ name }) => name).join(', ')}`,
      ),
    );
  return found;
}

const replicaNames = ({ members, primary }: ClusterState): string =>
  members
    .map(({ name }) => name)
    .filter((name) => name !== primary)
    .join(', ') || 'none';

/** Numbers are never used again: a server id must not come back with other data. */
export function newMembersOf(state: ClusterState, replicas: number | undefined, donor: string): UpgradePlan['newMembers'] {
  const { name, hosts } = state.definition;
  const numberOf = (member: string): number | undefined =>
    /-\d+$/.test(member) ? Number(member.slice(member.lastIndexOf('-') + 1)) : undefined;
  const numbers = [
    ...state.members.map((member) => numberOf(member.name) ?? member.serverId),
    // A name is never used again.
    ...(state.removed ?? []).map((member) => numberOf(member) ?? 0),
  ];
  const first = Math.max(0, ...numbers) + 1;
  const count = (replicas ?? state.members.filter((member) => !isBystander(state.definition, member.name)).length - 1) + 1;
  return Array.from({ length: count }, (_, index) => ({
    name: `${name}-${first + index}`,
    host: hosts[index % hosts.length] ?? '',
    donor,
  }));
}

interface Way {
  examination: UpgradeExamination;
  ddl: DdlVerdict[];
  steps: UpgradeStep[];
}

/** What a rollback within the window can do, with the reason. */
export function wayBackOf(
  pair: VersionPair | undefined,
  seeding: SeedingRecipe | undefined,
  { examination, ddl, steps }: Way,
): WayBack | undefined {
  const known = seeding && pair?.wayBack[seeding.kind];
  if (!pair || !known) return undefined;
  const lossy = (reason: string): WayBack => ({ kind: 'lossy', reason, settings: {}, brokenBy: [] });
  if (isSkipped(stepOf(steps, 'keep-way-back'))) return lossy('the plan skips keep-way-back');
  const changed = ddl.find(({ endsWayBack }) => endsWayBack !== undefined);
  if (changed) return lossy(`${changed.table ?? 'the schema'}: ${changed.endsWayBack}`);
  const reloaded =
    pair.from.series === '5.5' && pair.to.series === '5.6' && seeding.kind === 'logical' ? examination.oldTemporal.items[0] : undefined;
  if (reloaded)
    return lossy(`${reloaded.table}.${reloaded.column} gets the temporal format of 5.6 by a logical seed, which 5.5 can not apply`);
  const breaking =
    pair.to.series !== pair.from.series ? examination.types.find(({ type }) => type === 'vector' || type === 'uuid') : undefined;
  if (breaking) return lossy(`${breaking.example} is of type ${breaking.type.toUpperCase()}, which the old version can not apply`);
  return known;
}

/** Seconds of what something is known of, and what is left out. */
export function estimateOf(
  steps: UpgradeStep[],
  { bytes }: Pick<UpgradeExamination, 'bytes'>,
  seeding: SeedingRecipe | undefined,
  members: number,
): UpgradePlan['estimate'] {
  const canary = stepOf(steps, 'canary');
  const { parallel } = stepOf(steps, 'build-members');
  const seed = seeding ? seedSeconds(bytes, seeding) * Math.ceil(members / parallel) : 0;
  const without = ['the comparison of the data', 'catching up under load', 'waiting for people'];
  if (!seeding) without.unshift('seeding');
  const own = steps.filter(isOwn).filter(({ step }) => step !== 'approve');
  if (own.length > 0) without.push(`own steps (${own.map(({ name }) => name).join(', ')})`);
  return { seconds: Math.ceil(seed + (isSkipped(canary) ? 0 : canary.seconds)), without };
}

/** A server is started, set up and made to follow, however small the data are. */
const leastSeconds = 15;

const seedSeconds = (bytes: number, { secondsPerMb }: SeedingRecipe): number => leastSeconds + (bytes / 1e6) * secondsPerMb;

interface Words {
  seen: Seen;
  asked: Asked;
  seeding: SeedingRecipe | undefined;
  wayBack: WayBack | undefined;
  newMembers: UpgradePlan['newMembers'];
}

const removed = 'the new members are removed; nothing is lost';

function plannedStep(step: UpgradeStep, words: Words): PlannedStep {
  const { seen, asked, seeding, wayBack, newMembers } = words;
  const inWindow =
    wayBack?.kind === 'live'
      ? 'a planned pivot back to the old primary, which follows; nothing is lost'
      : `back to the old primary’s state at the cut-over: what was written since is counted, saved as statements, and lost (${wayBack?.reason ?? 'nothing is known of a way back'})`;
  const plain = (what: string, rollback: string, more: Partial<PlannedStep> = {}): PlannedStep => ({
    name: isOwn(step) ? step.name : step.step,
    step: step.step,
    what,
    rollback,
    ...(isSkipped(step) ? { skipped: step.step === 'canary' ? 'the plan asks for none' : 'the plan says so' } : {}),
    ...more,
  });
  switch (step.step) {
    case 'preflight':
      return plain('look again, and refuse what this plan would be refused for', 'nothing was touched');
    case 'build-members': {
      const names = newMembers.map(({ name }) => name).join(', ');
      const seconds = seeding
        ? { seconds: Math.ceil(seedSeconds(seen.examination.bytes, seeding) * Math.ceil(newMembers.length / step.parallel)) }
        : {};
      const how = seeding
        ? `${seeding.kind === 'physical' ? 'the files' : 'a dump'} of ${seen.examination.member}${seeding.upgradeTool ? `, then ${seeding.upgradeTool}` : ''}`
        : 'no known way';
      return plain(`${names} from ${how}`, removed, seconds);
    }
    case 'change-schema': {
      const count = asked.schema?.length ?? 0;
      return plain(
        count === 0 ? 'nothing' : `${count} statements on each new member`,
        removed,
        count === 0 ? { skipped: 'no statements are given' } : {},
      );
    }
    case 'catch-up':
      return plain(`until every new member is within ${step.maxLagSeconds} s`, removed);
    case 'verify':
      return plain(verifyWords(step), removed);
    case 'canary':
      return plain(
        `${Math.round(step.share * 100)} % of the reads for ${step.seconds} s`,
        removed,
        isSkipped(step) ? {} : { seconds: step.seconds },
      );
    case 'cut-over':
      return plain(`planned pivot to ${step.to ?? 'the best new member'}; the old primary is fenced`, inWindow);
    case 'keep-way-back':
      return plain(
        wayBack?.kind === 'live'
          ? `${seen.state.primary} follows the new primary for ${step.windowSeconds} s`
          : `old members are kept, fenced, for ${step.windowSeconds} s`,
        inWindow,
      );
    case 'remove-old':
      return plain(
        `${seen.state.members.map(({ name }) => name).join(', ')}${step.approve ? ', when a person approves' : ''}; volumes are ${step.keepVolumes ? 'kept' : 'deleted'}`,
        step.keepVolumes ? 'none; the volumes are there' : 'none',
      );
    case 'sql':
      return plain(
        `${step.statements.length} statements on ${step.on === 'primary' ? 'the primary' : 'each new member'}`,
        beforeOrAfter(step, asked, inWindow),
      );
    case 'container':
      return plain(`${step.image} must exit 0`, beforeOrAfter(step, asked, inWindow));
    case 'approve':
      return plain(`a person approves within ${step.timeoutSeconds} s, else ${step.onTimeout}`, beforeOrAfter(step, asked, inWindow));
  }
}

/** An own step behind the cut-over is undone as that is. */
function beforeOrAfter(step: UpgradeStep, { steps }: Asked, inWindow: string): string {
  const all = allSteps(steps);
  return all.findIndex((each) => each === step) < all.findIndex((each) => each.step === 'cut-over') ? removed : inWindow;
}

function verifyWords(step: Extract<UpgradeStep, { step: 'verify' }>): string {
  const parts = [
    ...(step.checksums ? ['checksums of all rows'] : []),
    ...(step.rowCounts ? ['numbers of rows'] : []),
    ...(step.schema ? ['the schema'] : []),
    ...(step.reads ? [`reads of ${step.reads.seconds} s`] : []),
    ...(step.assertions.length > 0 ? [`${step.assertions.length} assertions`] : []),
  ];
  return parts.join(', ') || 'nothing';
}
