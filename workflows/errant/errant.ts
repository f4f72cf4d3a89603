import { errantEntries, type ErrantRecord, type ErrantResult } from '../../schemas/errant';
import type { ErrantInput } from '../../schemas/inputs';
import { clusterTarget } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import { memberOf, rebuild, rebuildAdopted, topologyOf } from '../guard/heal';
import { givingWay, heedNothing } from '../members/stand-aside';
import { codeOf, failure, isCancellation, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { signalGuard } from '../pivot/guard-signals';
import { type Look, lookAtCluster, lookUntilSeen, refuseUnexpected } from '../pivot/look';
import { presentOf } from '../pivot/move-the-rest';
import { startProof } from '../pivot/pivot';
import { donorFor, type ErrantPlan, planErrant } from './decide';

const steps = ['look at the cluster', 'carry out the decision', 'prove that all members are equal'] as const;

/** Transactions that a member alone has: what is known of them, and what a person decides. docs/errant.md. */
export async function errant(raw: unknown): Promise<WithProgress<ErrantResult>> {
  return operation<ErrantInput, ErrantResult>(
    {
      type: 'errant',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      // Who only asks holds nothing up.
      dryRun: ({ dryRun, decision }) => dryRun || decision === 'list',
      approval: ({ approval }) => approval,
    },
    raw,
    resolve,
  );
}

async function resolve(op: Operation<ErrantInput>): Promise<ErrantResult> {
  const { cluster, decision, member = '', expect, by, reason } = op.input;
  const known = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(cluster);
    const records = await remembered(op, seen.state);
    step.detail(`primary ${seen.state.primary}, epoch ${seen.state.epoch}, ${records.length} records`);
    return { ...seen, records };
  });
  const { state } = known;
  refuseUnexpected(state, expect);
  if (decision === 'list') return resultOf(known, known.records);

  const entries = entriesOf(known, known.records);
  const plan = planErrant(state, known.observation, { entries, records: known.records }, decision, member);
  if (plan.problems.length > 0) throw failure('PrecheckFailed', plan.problems.map(({ message }) => message).join('; '), plan.problems);
  if (op.dryRun) return { ...resultOf(known, known.records), deed: plan.deed };
  await op.gate('before-switch', plan.deed);
  await op.safePoint('before the decision is carried out');
  op.pointOfNoReturn({ loses: 'it is carried out' });
  const { deed, ended } = await op.step('carry out the decision', async (step) => {
    const done = await carryOut(op, known, plan, `${decision} by ${by}${reason ? `: ${reason}` : ''}`);
    step.detail(done.deed);
    return done;
  });
  const after = await lookUntilSeen(cluster);
  const records = await remembered(op, after.state);
  const others = after.state.members.map(({ name }) => name).filter((name) => name !== after.state.primary);
  const compare = op.input.proof && decision !== 'forget' && ended;
  const proof = compare ? await startProof(op, after.state, presentOf(after.state, others)) : undefined;
  return { ...resultOf(after, records), deed, ...(proof ? { proof } : {}) };
}

/** Kept on the primary: while it does not answer, what members have now is still told. */
async function remembered(op: Operation<ErrantInput>, state: ClusterState): Promise<ErrantRecord[]> {
  try {
    return await summarised(work.listErrant, `what ${state.definition.name} remembers`, { scheduleToCloseTimeout: '15s' })(state);
  } catch (error) {
    if (isCancellation(error)) throw error;
    op.warn(`${state.primary} could not be asked what was found earlier: ${codeOf(error)}`);
    return [];
  }
}

/** A member or a primary that does not answer ends it, with what was not done. */
const bound = { scheduleToCloseTimeout: '5 minutes' } as const;

interface Done {
  deed: string;
  /** False: the guard has to finish it. */
  ended: boolean;
}

async function carryOut(op: Operation<ErrantInput>, look: Look, plan: ErrantPlan, decided: string): Promise<Done> {
  const { state } = look;
  const { decision, member = '' } = op.input;
  switch (decision) {
    case 'forget': {
      const gone: string[] = [];
      for (const record of plan.records)
        gone.push(await summarised(work.forgetErrant, `forget ${record.gtids}`, bound)(state, record, decided));
      return { deed: `deleted for good: ${[...new Set(gone)].join(', ')}`, ended: true };
    }
    case 'accept': {
      const injected = await summarised(work.acceptErrant, `accept ${plan.gtids} of ${member}`, bound)(state, member, plan.gtids, decided);
      await follow(state, member);
      return { deed: `${state.primary} has ${injected} empty transactions in their place, and ${member} follows`, ended: true };
    }
    default:
      // Of one that others made it is decoded when it is set aside.
      if (!memberOf(state, member).adopted) await decode(op, state, member);
      return buildAnew(op, look, member, decided);
  }
}

/**
 * A copy holds the locks of two members, so it gives way to a pivot of the guard. The guard, who knows that the member is half built, then brings
 * everybody back: this operation holds the cluster, and going on here would keep from it the replica whose receipts the new primary needs.
 */
async function buildAnew(op: Operation<ErrantInput>, { state, observation }: Look, member: string, decided: string): Promise<Done> {
  const { cluster } = op.input;
  heedNothing();
  await signalGuard(cluster, 'rebuilding', { member, on: true, operation: op.id });
  const donor = donorFor(state, observation, member);
  try {
    const anew = memberOf(state, member).adopted ? rebuildAdopted : rebuild;
    const deed = await givingWay(async () => anew(await topologyOf(state), member, donor, decided, op.id));
    await signalGuard(cluster, 'rebuilding', { member, on: false });
    await signalGuard(cluster, 'clusterChanged', await topologyOf(state));
    return { deed, ended: true };
  } catch (error) {
    if (isCancellation(error)) throw error;
    // One that others made says itself that it is half built, and the guard leaves it to a person.
    const adopted = memberOf(state, member).adopted === true;
    await signalGuard(cluster, 'rebuilding', { member, on: !adopted });
    if (codeOf(error) !== 'StaleEpoch') throw error;
    const who = adopted ? 'ask for it again' : 'the guard builds it from whoever is fit now';
    const deed = `the primary changed while ${member} was built anew: ${who}`;
    op.warn(deed);
    return { deed, ended: false };
  }
}

/** What it alone has is decoded before its volume is set aside; of a member that does not answer the volume is all there is. */
async function decode(op: Operation<ErrantInput>, state: ClusterState, member: string): Promise<void> {
  try {
    await summarised(work.compareWithPrimary, `decode what ${member} alone has`, bound)(state, member);
  } catch (error) {
    if (isCancellation(error)) throw error;
    op.warn(`${member} was not asked what it alone has (${codeOf(error)}): its volume is kept whole`);
  }
}

async function follow(state: ClusterState, member: string): Promise<void> {
  await summarised(work.followPrimary, `${member} follows ${state.primary}`, bound)(state, member);
  await summarised(work.applyRole, `settings of a replica on ${member}`, bound)(state, member);
}

const entriesOf = ({ state, observation }: Look, records: ErrantRecord[]): ErrantResult['entries'] =>
  errantEntries(state, observation.members, records, observation.at);

const resultOf = (look: Look, records: ErrantRecord[]): ErrantResult => ({
  cluster: look.state.definition.name,
  epoch: look.state.epoch,
  primary: look.state.primary,
  entries: entriesOf(look, records),
});
