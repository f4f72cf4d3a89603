/** A rehearsal: one server of the new version is built beside the cluster, follows, is compared, and is removed. */
import { sleep } from '@temporalio/workflow';

import type { UpgradeInput } from '../../schemas/inputs';
import type { ClusterState, Member } from '../../schemas/topology';
import {
  type AssertionResult,
  type ContainerCheck,
  type ReadReplay,
  trialName,
  type UpgradePlan,
  type UpgradeRehearsal,
} from '../../schemas/upgrade';
import type { UpgradeStep } from '../../schemas/upgrade-plan';
import { failure, type Operation, summarised, work } from '../operation';
import { stateOf } from '../pivot/look';
import { changeSchemaOn } from './change-schema';
import { checkProblem, readProblems } from './judge-reads';
import { allSteps, isOwn, isSkipped, stepOf } from './steps';
import { trialDefinition } from './trial';

export const rehearsalSteps = ['build a server of the new version', 'change its schema', 'catch up', 'verify', 'remove it'] as const;

/** Servers are started, images brought. */
const making = { startToCloseTimeout: '2 hours', heartbeatTimeout: '10s', retry: { maximumAttempts: 10 } } as const;
const soon = { scheduleToCloseTimeout: '5 minutes' } as const;
/** A seed takes as long as the data are large; its heartbeat tells that it goes on. */
const seeding = { startToCloseTimeout: '7 days', heartbeatTimeout: '30s', retry: { maximumAttempts: 5 } } as const;
/** Reads are looked for up to an hour, and run again for twice as long. */
const reading = { startToCloseTimeout: '4 hours', heartbeatTimeout: '60s', retry: { maximumAttempts: 3 } } as const;
const comparing = { startToCloseTimeout: '24 hours', retry: { maximumAttempts: 5 } } as const;

export async function rehearse(
  op: Operation<UpgradeInput>,
  state: ClusterState,
  plan: UpgradePlan,
): Promise<UpgradeRehearsal['rehearsal']> {
  const donor = plan.newMembers[0]?.donor ?? state.primary;
  const name = trialName(state.definition.name);
  const remove = (): Promise<string[]> =>
    summarised(work.removeTrial, `remove ${name}`, { scheduleToCloseTimeout: '10 minutes' })(state.definition.name);
  const shape: ClusterState = { ...state, definition: trialDefinition(state.definition, plan) };
  op.compensate('remove the server of the new version', remove);
  const built = await op.step(rehearsalSteps[0], async (step) => {
    const member = await summarised(work.createTrial, `start ${name} (${plan.to})`, making)(op.id, shape, donor);
    const trial = withTrial(shape, member);
    await summarised(work.initialiseMember, `accounts and journal on ${name}`, soon)(trial, member);
    const recipe = { kind: plan.seeding?.kind ?? 'logical', upgradeTool: plan.seeding?.upgradeTool } as const;
    if (recipe.kind === 'physical')
      op.compensate(`let ${donor} go on`, () => summarised(work.releaseDonor, `let ${donor} go on`, soon)(state, donor));
    const seeded = await summarised(work.seedMember, `seed ${name} from ${donor}`, seeding)(trial, name, donor, recipe);
    await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(trial, name);
    step.detail(
      `${Math.ceil(seeded.bytes / 1e6)} MB, ${recipe.kind === 'physical' ? 'the files' : 'a dump'} of ${donor}, in ${Math.round(seeded.seconds)} s`,
    );
    return { trial, seeded };
  });
  const { trial, seeded } = built;
  const steps = allSteps(op.input.steps);
  const left = notRehearsed(steps);
  if (left.length > 0) op.warn(`not rehearsed: ${left.join(', ')}`);
  await changeSchema(op, trial, name);
  const caughtUp = await op.step(rehearsalSteps[2], async (step) => {
    const waited = await catchUp(op, trial, name, stepOf(steps, 'catch-up'));
    step.detail(`within ${stepOf(steps, 'catch-up').maxLagSeconds} s after ${Math.round(waited)} s`);
    return waited;
  });
  const verified = await op.step(rehearsalSteps[3], async (step) => {
    const proof = await op.pausable('between chunks', () =>
      summarised(work.proveEquality, `compare ${name} with ${state.primary}`, comparing)(trial, [name]),
    );
    const { assertions, reads } = stepOf(steps, 'verify');
    const asserted =
      assertions.length > 0
        ? await summarised(work.checkAssertions, `${assertions.length} assertions on ${name}`, soon)(trial, name, assertions)
        : [];
    const replayed = reads
      ? await op.pausable('before reads are looked for again', () =>
          summarised(work.replayReads, `reads of ${state.primary} and ${donor} on ${name}`, reading)(
            trial,
            name,
            [...new Set([state.primary, donor])],
            reads.seconds,
          ),
        )
      : undefined;
    const checks = await containerChecks(op, trial, name, steps);
    step.detail(verifiedWords(proof, asserted, replayed, checks));
    return { proof, assertions: asserted, ...(replayed ? { reads: replayed } : {}), ...(checks.length > 0 ? { checks } : {}) };
  });
  refuseDifferences(verified, name, stepOf(steps, 'verify').reads?.maxSlowdown);
  await op.step(rehearsalSteps[4], async (step) => step.detail((await remove()).join(', ')));
  return { server: plan.to, donor, seeded, caughtUpSeconds: caughtUp, ...verified };
}

const withTrial = (state: ClusterState, member: Member): ClusterState => ({ ...state, members: [...state.members, member] });

/** What a plan has and a rehearsal leaves out. */
function notRehearsed(steps: UpgradeStep[]): string[] {
  return [
    ...steps
      .filter((step) => isOwn(step) && !checksOf(steps).some(({ name }) => name === step.name))
      .map((step) => ('name' in step ? step.name : '')),
    ...(isSkipped(stepOf(steps, 'canary')) ? [] : ['canary']),
  ];
}

/** Images that look at a new member before the cut-over, in their order. */
const checksOf = (steps: UpgradeStep[]): Extract<UpgradeStep, { step: 'container' }>[] =>
  steps
    .slice(
      0,
      steps.findIndex(({ step }) => step === 'cut-over'),
    )
    .flatMap((step) => (step.step === 'container' ? [step] : []));

/** The first that does not pass is the last. */
async function containerChecks(
  op: Operation<UpgradeInput>,
  trial: ClusterState,
  name: string,
  steps: UpgradeStep[],
): Promise<ContainerCheck[]> {
  const member = trial.members.find((each) => each.name === name);
  const results: ContainerCheck[] = [];
  for (const { name: check, image, command, timeoutSeconds } of member ? checksOf(steps) : []) {
    await op.safePoint(`before ${check}`);
    const bound = { startToCloseTimeout: (timeoutSeconds + 3600) * 1000, retry: { maximumAttempts: 5 } } as const;
    const run = summarised(work.runContainerCheck, `${check}: ${image} with ${name}`, bound);
    const result = await run(trial, member as Member, { name: check, image, command, timeoutSeconds });
    results.push(result);
    if (!result.passed) break;
  }
  return results;
}

function verifiedWords(
  proof: UpgradeRehearsal['rehearsal']['proof'],
  assertions: AssertionResult[],
  reads: ReadReplay | undefined,
  checks: ContainerCheck[],
): string {
  return [
    `${proof.tables} tables, ${proof.rows} rows, ${proof.seconds} s`,
    ...(assertions.length > 0 ? [`${assertions.filter(({ holds }) => holds).length} of ${assertions.length} assertions hold`] : []),
    ...(reads ? [`${reads.compared} of ${reads.statements} kinds of reads compared, ${reads.oldMs} ms before, ${reads.newMs} ms now`] : []),
    ...checks.map(({ name, passed }) => `${name} ${passed ? 'passed' : 'failed'}`),
  ].join('; ');
}

async function changeSchema(op: Operation<UpgradeInput>, trial: ClusterState, name: string): Promise<void> {
  const { schema } = op.input;
  if (schema === undefined) return op.skip(rehearsalSteps[1], 'no statements are given');
  await op.step(rehearsalSteps[1], async (step) => {
    const tables = await changeSchemaOn(op, trial, name);
    step.detail(`${schema.length} statements, ${tables.join(', ')}`);
  });
}

/** Waits longer from look to look: a seed of days leaves hours of writes. */
async function catchUp(
  op: Operation<UpgradeInput>,
  trial: ClusterState,
  name: string,
  { maxLagSeconds, timeoutSeconds }: { maxLagSeconds: number; timeoutSeconds: number },
): Promise<number> {
  const began = Date.now();
  const members = trial.members.filter((member) => member.name === name || member.name === trial.primary);
  for (let pauseMs = 500; ; pauseMs = Math.min(30_000, pauseMs * 2)) {
    await op.safePoint('while it catches up');
    const observation = await summarised(work.observeCluster, `how far ${name} is`, soon)({ ...trial, members }, trial.primary);
    const now = stateOf({ ...trial, members }, observation);
    if (now.epoch !== trial.epoch)
      throw failure('StaleEpoch', `${now.primary} is the primary of epoch ${now.epoch} by now: rehearse again`);
    const view = observation.members.find((each) => each.name === name);
    const broken = view?.replication?.applierError;
    if (broken) throw failure('MemberDiverged', `${name} can not apply what ${trial.primary} writes: ${broken.code} ${broken.message}`);
    const lag = view?.replication?.receiver === 'running' ? view.replication.lagSeconds : null;
    const seconds = (Date.now() - began) / 1000;
    if (lag !== null && lag !== undefined && lag <= maxLagSeconds) return seconds;
    if (seconds > timeoutSeconds)
      throw failure(
        'CatchUpTimeout',
        `${name} did not come within ${maxLagSeconds} s in ${timeoutSeconds} s; it lags by ${lag ?? 'an unknown time'}`,
      );
    await sleep(pauseMs, { summary: `${name} lags by ${lag ?? '?'} s` });
  }
}

/** Nothing compared is no proof. */
function refuseDifferences(
  { proof, assertions, reads, checks }: Pick<UpgradeRehearsal['rehearsal'], 'proof' | 'assertions' | 'reads' | 'checks'>,
  name: string,
  maxSlowdown: number | undefined,
): void {
  const left = proof.unchecked.find(({ table }) => table === '*');
  if (left) throw failure('MemberUnreachable', `${name} could not be compared: ${left.reason}`);
  const problems = [
    ...proof.differences.map(({ table, chunk }) => ({ path: table, message: `differs in ${chunk}` })),
    ...assertions.filter(({ holds }) => !holds).map((each) => ({ path: `assertion ${each.name}`, message: `found ${each.found}` })),
    ...(reads ? readProblems(reads, maxSlowdown ?? Infinity) : []),
    ...(checks ?? []).filter(({ passed }) => !passed).map(checkProblem),
  ];
  if (problems.length > 0) throw failure('ChecksumMismatch', `${name} does not hold what it should`, problems);
}
