/** The upgrade itself, step by step: docs/upgrade.md has what holds when everything dies before, during and after each. */
import { sleep } from '@temporalio/workflow';

import type { UpgradeInput } from '../../schemas/inputs';
import type { ClusterState, Member } from '../../schemas/topology';
import type { BuiltMember, CutOver, UpgradePlan, UpgradeReport, UpgradeResult, UpgradeStepName, Verified } from '../../schemas/upgrade';
import { changePlan } from '../members/change-plan';
import { withoutMember } from '../members/decide';
import { heedNothing } from '../members/stand-aside';
import { throughPivots } from '../members/through-pivots';
import { failure, isCancellation, meaningOf, type Operation, summarised, work } from '../operation';
import { type Look, lookUntilSeen } from '../pivot/look';
import { changeSchemaOn } from './change-schema';
import { back, cutOver, forth } from './cut-over';
import { build, followAll, newMembersOf, oldMembersOf, placeAll, refuseForeign, removeNew, writeDown } from './new-members';
import { takeHoldAgain, withoutHold } from './hold';
import { allSteps, isSkipped, ownBehind, stepOf } from './steps';
import { keepWindow, untilLive, wayBackOf } from './window';

export const upgradingSteps = [
  'build the new members',
  'change their schema',
  'catch up',
  'verify',
  forth.steps.count,
  forth.steps.pivot,
  'keep the way back',
  'remove the old members',
] as const;

const soon = { scheduleToCloseTimeout: '5 minutes' } as const;
const comparing = { startToCloseTimeout: '24 hours', retry: { maximumAttempts: 5 } } as const;
const patiently = { scheduleToCloseTimeout: '10 minutes' } as const;
/** Within its bound twice, so far apart: a single look may fall between two large transactions. */
const twiceApartMs = 2000;

export async function carryOut(op: Operation<UpgradeInput>, look: Look, plan: UpgradePlan): Promise<UpgradeResult> {
  const { cluster } = op.input;
  const steps = allSteps(op.input.steps);
  const { primary: oldPrimary } = look.state;
  const { members, record } = await placeAll(look.state, plan, op.id);
  const names = members.map(({ name }) => name);
  heedNothing();
  await ownSteps(op, undefined, 'preflight');
  op.compensate('remove the new members', () => removeNew(op, members, true));
  op.rollbackLoses('nothing: the new members are removed');
  const built = await buildAll(op, look.state, members, () => writeDown(op, look.state, members, record));
  await ownSteps(op, 'build-members');
  await changeSchemas(op, names);
  await ownSteps(op, 'change-schema');
  await catchUp(op, names);
  await ownSteps(op, 'catch-up');
  const verified = await verify(op, names);
  await ownSteps(op, 'verify', 'canary');
  if (op.input.approval?.gates.includes('before-switch'))
    await withoutHold(op, () =>
      op.gate('before-switch', `make a member of ${plan.to} the primary of ${cluster}, in place of ${oldPrimary} (${plan.from})`),
    );
  // A person may have taken days.
  await throughPivots(op, cluster, (now) => followAll(op, now, names));
  const { to, transactionBoundMs } = stepOf(steps, 'cut-over');
  const cut = await cutOver(op, forth, { to, transactionBoundMs });
  const report: UpgradeReport = {
    cluster,
    from: plan.from,
    to: plan.to,
    outcome: 'upgraded',
    generation: record.generation,
    built,
    verified,
    cutOver: cut,
    kept: [],
  };
  op.pointOfNoReturn({
    loses: 'nothing: a planned pivot back',
    wayBack: async () => ({ plan, report: await goBack(op, report, members) }),
  });
  return { plan, report: await finish(op, report) };
}

async function buildAll(
  op: Operation<UpgradeInput>,
  state: ClusterState,
  members: Member[],
  written: () => Promise<unknown>,
): Promise<BuiltMember[]> {
  const { parallel } = stepOf(allSteps(op.input.steps), 'build-members');
  return op.step(upgradingSteps[0], async (step) => {
    await written();
    const built: BuiltMember[] = [];
    for (let first = 0; first < members.length; first += parallel) {
      const batch = members.slice(first, first + parallel);
      step.detail(`${built.length} of ${members.length}; now ${batch.map(({ name }) => name).join(', ')}`);
      built.push(...(await Promise.all(batch.map((member) => build(op, state.definition.name, member)))));
      await op.safePoint('between two new members');
    }
    const bytes = built.reduce((sum, each) => sum + each.bytes, 0);
    step.detail(`${built.map(({ name, host }) => `${name} on ${host}`).join(', ')}; ${Math.ceil(bytes / 1e6)} MB`);
    return built;
  });
}

async function changeSchemas(op: Operation<UpgradeInput>, names: string[]): Promise<void> {
  const { schema, cluster } = op.input;
  if (schema === undefined) return op.skip(upgradingSteps[1], 'no statements are given');
  await op.step(upgradingSteps[1], async (step) => {
    for (const name of names) {
      const { state } = await lookUntilSeen(cluster);
      const tables = await changeSchemaOn(op, state, name);
      step.detail(`${schema.length} statements, ${tables.join(', ')}, on ${name}`);
    }
  });
}

const catchUp = (op: Operation<UpgradeInput>, names: string[]): Promise<void> =>
  op.step(upgradingSteps[2], async (step) => {
    const { maxLagSeconds, timeoutSeconds } = stepOf(allSteps(op.input.steps), 'catch-up');
    const deadline = Date.now() + timeoutSeconds * 1000;
    let within = 0;
    for (let pauseMs = 500; ; pauseMs = Math.min(30_000, pauseMs * 2)) {
      await op.safePoint('while they catch up');
      const behind = await throughPivots(op, op.input.cluster, async (look) => {
        await followAll(op, look, names);
        return lagging(look, names, maxLagSeconds);
      });
      within = behind.length === 0 ? within + 1 : 0;
      step.detail(behind.length === 0 ? `all within ${maxLagSeconds} s` : behind.join(', '));
      if (within === 2) return;
      if (Date.now() > deadline)
        throw failure('CatchUpTimeout', `new members did not come within ${maxLagSeconds} s in ${timeoutSeconds} s: ${behind.join(', ')}`);
      await sleep(within === 1 ? twiceApartMs : pauseMs, { summary: behind.join(', ') || 'once more' });
    }
  });

function lagging({ observation }: Look, names: string[], bound: number): string[] {
  return names.flatMap((name) => {
    const replication = observation.members.find((each) => each.name === name)?.replication;
    const lag = replication?.receiver === 'running' ? replication.lagSeconds : null;
    return lag !== null && lag !== undefined && lag <= bound ? [] : [`${name} lags by ${lag ?? '?'} s`];
  });
}

/** A failed verification stops here, shows what differs, and waits for a person: again, or an abort. */
async function verify(op: Operation<UpgradeInput>, names: string[]): Promise<Verified> {
  for (;;) {
    try {
      return await op.step(upgradingSteps[3], async (step) => {
        const found = await throughPivots(op, op.input.cluster, (look) => compare(op, look, names));
        refuseDifferences(found);
        step.detail(verifiedText(found));
        return found;
      });
    } catch (error) {
      const { code, message, problems } = meaningOf(error);
      if (isCancellation(error) || code !== 'ChecksumMismatch') throw error;
      problems.slice(0, 20).forEach((each) => op.warn(`verify: ${each.path} ${each.message}`));
      await withoutHold(op, () => op.ask('verify-again', `${message}. Approve to compare again, abort to remove the new members`));
    }
  }
}

function refuseDifferences(found: Verified): void {
  const problems = differencesOf(found);
  if (problems.length === 0) return;
  const shown = problems.slice(0, 10).map(({ path, message }) => `${path} ${message}`);
  const more = problems.length > shown.length ? ` and ${problems.length - shown.length} more` : '';
  throw failure('ChecksumMismatch', `the new members do not hold what they should: ${shown.join('; ')}${more}`, problems);
}

const verifiedText = ({ proof, assertions }: Verified): string =>
  [
    ...(proof ? [`${proof.tables} tables, ${proof.rows} rows, ${proof.seconds} s`] : []),
    ...(assertions.length > 0 ? [`${assertions.length} assertions hold`] : []),
  ].join('; ') || 'nothing was asked for';

async function compare(op: Operation<UpgradeInput>, look: Look, names: string[]): Promise<Verified> {
  await followAll(op, look, names);
  const { state } = look;
  const { checksums, assertions: asked } = stepOf(allSteps(op.input.steps), 'verify');
  const proof = checksums
    ? await op.pausable('between chunks', () =>
        summarised(work.proveEquality, `compare ${names.join(', ')} with ${state.primary}`, comparing)(state, names),
      )
    : undefined;
  const assertions: Verified['assertions'] = [];
  if (asked.length > 0)
    for (const name of names)
      for (const each of await summarised(work.checkAssertions, `${asked.length} assertions on ${name}`, soon)(state, name, asked))
        assertions.push({ ...each, member: name });
  return { ...(proof ? { proof } : {}), assertions };
}

/** A member that could not be compared is no proof. Pure. */
export function differencesOf({ proof, assertions }: Verified): { path: string; message: string }[] {
  const left = (proof?.unchecked ?? [])
    .filter(({ table }) => table === '*')
    .map(({ reason }) => ({ path: 'members', message: `could not be compared: ${reason}` }));
  const differences = (proof?.differences ?? []).map(({ member, table, chunk }) => ({
    path: `${member} ${table}`,
    message: `differs in ${chunk}`,
  }));
  const untrue = assertions
    .filter(({ holds }) => !holds)
    .map(({ member, name, found }) => ({ path: `${member} assertion ${name}`, message: `found ${found}` }));
  return [...left, ...differences, ...untrue];
}

/** Those that a plan has behind these named ones: approvals; others are refused at the beginning. */
async function ownSteps(op: Operation<UpgradeInput>, ...behind: (UpgradeStepName | undefined)[]): Promise<void> {
  const all = allSteps(op.input.steps);
  for (const step of behind.flatMap((name) => ownBehind(all, name)))
    if (step.step === 'approve') {
      const { name, timeoutSeconds, onTimeout } = step;
      await op.step(name, () => withoutHold(op, () => op.ask(name, `${name}: a step of the plan`, { timeoutSeconds, onTimeout })));
    }
}

/** From the cut-over to the end. */
async function finish(op: Operation<UpgradeInput>, report: UpgradeReport): Promise<UpgradeReport> {
  const steps = allSteps(op.input.steps);
  const keep = stepOf(steps, 'keep-way-back');
  const { approve, keepVolumes } = stepOf(steps, 'remove-old');
  const { cutOver: cut, cluster, to } = report;
  await ownSteps(op, 'cut-over');
  if (isSkipped(keep)) op.skip(upgradingSteps[6], 'the plan says so');
  else
    report.wayBack = await op.step(upgradingSteps[6], async (step) => {
      const { live, broken } = await untilLive(op, cut.from);
      const told =
        live.length > 0
          ? `${live.join(', ')} follow ${cut.to}: a rollback loses nothing`
          : `no old member follows ${cut.to}: ${broken.join('; ')}`;
      step.detail(told);
      const what = `the old members of ${cluster} are kept until then; ${told}. Approve to remove them sooner, rollback to go back`;
      const endedBy = await keepWindow(op, keep.windowSeconds, cut.from, what);
      step.detail(`${told}; ended by ${endedBy === 'time' ? 'its time' : 'a person'}`);
      return { live, broken, windowSeconds: keep.windowSeconds, endedBy };
    });
  await ownSteps(op, 'keep-way-back');
  if (approve) await withoutHold(op, () => op.ask('remove-old', `remove the old members of ${cluster}; it runs ${to}`));
  const done = await op.step(upgradingSteps[7], async (step) => {
    op.pointOfNoReturn({ loses: `the old members are removed; their data are ${keepVolumes ? 'kept' : 'deleted'}` });
    const { state } = await lookUntilSeen(cluster);
    const old = oldMembersOf(state);
    for (const member of old) {
      report.kept.push(...(await removeOld(op, member, !keepVolumes)));
      step.detail(`${member.name} is gone`);
    }
    step.detail(`${old.map(({ name }) => name).join(', ')}${report.kept.length > 0 ? `; kept: ${report.kept.join(', ')}` : ''}`);
    return report;
  });
  await ownSteps(op, 'remove-old');
  return done;
}

async function removeOld(op: Operation<UpgradeInput>, member: Member, deleteData: boolean): Promise<string[]> {
  const { cluster } = op.input;
  const { state } = await lookUntilSeen(cluster);
  refuseForeign(op, state);
  if (!newMembersOf(state).some(({ name }) => name === state.primary))
    throw failure('ExpectationFailed', `${state.primary} is the primary: ${member.name} is not removed`);
  await summarised(work.retireMember, `stop ${member.name}`, patiently)(state, member);
  const { kept } = await summarised(work.removeMember, `remove ${member.name}`, patiently)(cluster, member, deleteData);
  await changePlan(op, state, (present) =>
    present.members.some(({ name }) => name === member.name) ? withoutMember(present, member.name) : undefined,
  );
  return kept;
}

/** Rollback in the window: a planned pivot to the old generation, and the new one is removed; it has nothing that the old one lacks, and its data are kept. */
async function goBack(op: Operation<UpgradeInput>, report: UpgradeReport, members: Member[]): Promise<UpgradeReport> {
  await takeHoldAgain(op);
  const { keepVolumes } = stepOf(allSteps(op.input.steps), 'remove-old');
  const to = await chooseOld(op, report.cutOver.from);
  const rolledBack: CutOver = await cutOver(op, back, { to });
  const kept = await op.step('remove the new members', async (step) => {
    const left = await removeNew(op, members, !keepVolumes);
    step.detail(`${members.map(({ name }) => name).join(', ')}${left.length > 0 ? `; kept: ${left.join(', ')}` : ''}`);
    return left;
  });
  return { ...report, outcome: 'rolled-back', rolledBack, kept };
}

/** The old primary, or else another of its generation that follows. None may be fit just now: then the pivot says why. */
async function chooseOld(op: Operation<UpgradeInput>, preferred: string): Promise<string | undefined> {
  try {
    const { state, observation } = await lookUntilSeen(op.input.cluster);
    return wayBackOf(state, observation, preferred).live[0];
  } catch (error) {
    if (isCancellation(error)) throw error;
    op.warn(meaningOf(error).message);
    return undefined;
  }
}
