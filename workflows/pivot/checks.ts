import { contains } from '../../schemas/gtid';
import type { Problem } from '../../schemas/error-codes';
import type { MemberView, Observation } from '../../schemas/observation';
import type { ClusterState } from '../../schemas/topology';
import { acknowledgersFor } from './acknowledgers';
import { lagBound, MAX_LAG_SECONDS } from './choose-candidate';

/** What a check is given. `candidate` is undefined when nobody may be promoted. */
export interface CheckContext {
  state: ClusterState;
  observation: Observation;
  primary: MemberView | undefined;
  candidate: MemberView | undefined;
  transactionBoundMs: number;
}

/** A check finds what refuses a planned pivot (`problems`) and what is only worth knowing (`warnings`). */
export interface Finding {
  problems?: Problem[];
  warnings?: string[];
}

export type Check = (context: CheckContext) => Finding;

/** Every semi-sync commit waits for its receipt a moment; only what lasts blocks. */
const BLOCKED_SECONDS = 2;

const problem = (path: string, message: string): Problem => ({ path, message });

const primaryAnswers: Check = ({ primary, state }) =>
  primary?.reach === 'answers'
    ? {}
    : {
        problems: [
          problem(
            `members.${state.primary}`,
            `the primary does not answer (${primary?.error ?? 'not seen'}); if it is lost, use --unplanned`,
          ),
        ],
      };

const primaryAcceptsWrites: Check = ({ primary, state }) =>
  primary?.reach === 'answers' && primary.readOnly
    ? { problems: [problem(`members.${state.primary}`, 'the primary is read-only; somebody set it so, or it was restarted')] }
    : {};

const journalAgrees: Check = ({ observation, state }) => ({
  problems: observation.members
    .filter((view) => view.journal && view.journal.epoch > state.epoch)
    .map((view) =>
      problem(
        `members.${view.name}`,
        `its journal is at epoch ${view.journal?.epoch} (primary ${view.journal?.primary}), expected ${state.epoch}`,
      ),
    ),
});

const noLongWrites: Check = ({ primary, transactionBoundMs }) => ({
  problems: (primary?.longWork ?? [])
    .filter((work) => work.kind === 'ddl' || work.seconds * 1000 > transactionBoundMs)
    .map((work) =>
      problem(
        `members.${primary?.name}.connections.${work.connection}`,
        `${work.kind} of ${work.user} runs for ${Math.round(work.seconds)} s: ${work.statement}; wait for it, or KILL ${work.connection}`,
      ),
    ),
});

const nothingBlocks: Check = ({ primary }) => ({
  problems: (primary?.blockers ?? [])
    .filter((blocker) => blocker.kind !== 'read-only' && blocker.seconds >= BLOCKED_SECONDS)
    .map((blocker) => problem(`members.${primary?.name}`, `writes are blocked by ${blocker.kind}: ${blocker.detail}`)),
});

const candidateReceives: Check = ({ candidate }) => {
  const replication = candidate?.replication;
  if (!candidate || !replication || replication.receiver === 'running') return {};
  const why = replication.receiverError?.message ?? replication.receiver;
  return { problems: [problem(`members.${candidate.name}`, `does not receive from the primary: ${why}`)] };
};

/** A member is opened only when it has applied all that it received: clients wait so long. */
const backlogIsTold: Check = ({ candidate, state }) => {
  const replication = candidate?.replication;
  const lag = Math.ceil(replication?.lagSeconds ?? 0);
  if (!candidate || !replication || replication.drained || lag <= lagBound(state.definition)) return {};
  return { warnings: [`${candidate.name} lags by ${lag} s: it is opened when it has applied that, in about as long`] };
};

/** Without GTID a replica that lags can't be repointed by coordinates, so all of them must be fit. */
const othersFollow: Check = ({ observation, candidate, state, primary }) => {
  const finding: Required<Finding> = { problems: [], warnings: [] };
  for (const view of observation.members) {
    if (view.name === candidate?.name || view.name === state.primary) continue;
    const gtid = primary?.executed?.gtid !== undefined;
    const trouble = replicaTrouble(view, gtid ? Infinity : MAX_LAG_SECONDS);
    if (!trouble) continue;
    if (gtid) finding.warnings.push(`${view.name}: ${trouble}`);
    else finding.problems.push(problem(`members.${view.name}`, `${trouble}; without GTID it would have to be rebuilt`));
  }
  return finding;
};

function replicaTrouble(view: MemberView, maxLag: number): string | undefined {
  if (view.reach !== 'answers') return `does not answer (${view.error ?? view.reach})`;
  if (!view.replication) return 'does not replicate';
  if (view.replication.applierError) return `its applier stopped: ${view.replication.applierError.message}`;
  if (view.replication.receiver !== 'running') return 'does not receive from the primary';
  if ((view.replication.lagSeconds ?? 0) > maxLag) return `lags by ${view.replication.lagSeconds} s`;
  return undefined;
}

const nobodyDiverged: Check = ({ observation, candidate, state }) => ({
  warnings: observation.members
    .filter((view) => view.errant && view.name !== candidate?.name && view.name !== state.primary)
    .map((view) => `${view.name} has transactions that the primary lacks and will be set aside: ${view.errant}`),
});

const noPrivilegedApplication: Check = ({ state, primary, candidate }) => {
  const accounts = new Set([...(primary?.privilegedApplications ?? []), ...(candidate?.privilegedApplications ?? [])]);
  const trusted = state.definition.administrators ?? [];
  const applications = [...accounts].filter((account) => !trusted.includes(account.split(' (')[0] ?? ''));
  return {
    problems: applications.map((account) =>
      problem(
        `accounts.${account}`,
        'may write on a read-only server (SUPER, READ_ONLY ADMIN or CONNECTION_ADMIN), so the old primary could not be fenced; revoke it',
      ),
    ),
  };
};

const semiSyncIsKept: Check = ({ state, observation, primary, candidate }) => {
  if (state.definition.durability !== 'semi-sync') return {};
  const problems: Problem[] = [];
  const warnings: string[] = [];
  if (primary?.semiSync && !primary.semiSync.sourceEnabled)
    problems.push(problem(`members.${primary.name}.semiSync`, 'is off on the primary although the cluster promises it'));
  if (primary?.semiSync?.sourceEnabled && primary.semiSync.clients < primary.semiSync.required)
    problems.push(problem(`members.${primary.name}.semiSync`, 'no replica acknowledges, so writes wait'));
  const acknowledgers = acknowledgersFor(state, observation, candidate?.name ?? '');
  if (candidate && acknowledgers.length === 0)
    problems.push(problem('members', `no other replica could acknowledge for ${candidate.name}, so it could not accept a write`));
  if (primary?.semiSync && primary.semiSync.unacknowledged > 0)
    warnings.push(`${primary.semiSync.unacknowledged} commits of the primary were not acknowledged since its start`);
  for (const view of [primary, candidate])
    if (view?.settings && (view.settings.syncBinlog !== 1 || view.settings.flushLogAtCommit !== 1))
      problems.push(
        problem(
          `members.${view.name}.settings`,
          `sync_binlog=${view.settings.syncBinlog}, innodb_flush_log_at_trx_commit=${view.settings.flushLogAtCommit}; semi-sync needs 1 and 1`,
        ),
      );
  return { problems, warnings };
};

const routersAnswer: Check = ({ observation }) => ({
  warnings: observation.routers
    .filter((router) => !router.reachable)
    .map((router) => `router ${router.name} does not answer; its clients are moved when it is back`),
});

const candidateHasBinlogsOfAll: Check = ({ candidate, observation }) => {
  if (!candidate?.executed?.gtid) return {};
  const has = candidate.executed.gtid;
  return {
    warnings: observation.members
      .filter((view) => view.replication?.applied.gtid && view.errant && !contains(has, view.replication.applied.gtid))
      .map((view) => `${view.name} can not follow ${candidate.name} as it is`),
  };
};

/** All checks of a planned pivot, reported together. */
export const plannedChecks: Check[] = [
  primaryAnswers,
  primaryAcceptsWrites,
  journalAgrees,
  noLongWrites,
  nothingBlocks,
  candidateReceives,
  othersFollow,
  nobodyDiverged,
  noPrivilegedApplication,
  semiSyncIsKept,
  routersAnswer,
  candidateHasBinlogsOfAll,
];

/** An unplanned pivot can't choose its time: it is refused only by what makes it unsafe. */
export const unplannedChecks: Check[] = [journalAgrees, backlogIsTold, routersAnswer];
