/**
 * What all operations share, so that a workflow reads like the runbook that it replaces:
 *
 * ```ts
 * export async function pivot(raw: unknown): Promise<WithProgress<PivotResult>> {
 *   return operation<PivotInput, PivotResult>({ type: 'pivot', steps: [...], target: ({ cluster }) => clusterTarget(cluster) }, raw, async (op) => {
 *     const state = await op.step('look at the cluster', async (step) => {
 *       const found = await work.describeCluster(op.input.cluster);
 *       step.detail(`3 members, primary db-1`);
 *       return found;
 *     });
 *     if (op.dryRun) return ...;
 *     op.compensate('open the routers again', () => work.tellRouters(...)); // before the action; idempotent; run last first
 *     await op.gate('before-switch', 'promote db-2 in place of db-1');      // waits only when the input's approval policy names it
 *     const report = await op.switching(() => critical.switchPrimary(...)); // no controls, nothing cancelled, no hop of ours before it
 *     op.pointOfNoReturn({ loses: 'nothing', wayBack: async () => ... });   // compensations dropped, abort refused, rollback = wayBack
 *     await op.step('repoint the others', ...);
 *     return result;                                                        // the caller gets { ...result, progress }
 *   });
 * }
 * ```
 *
 * - `operation()` validates the input by an activity (fails at once with InvalidInput), takes and releases `hold/<target>`, answers the
 *   five controls and the query `progress`, keeps current details and search attributes, undoes on abort and failure, and ends
 *   with the progress in the result or in the failure's details. Every error becomes a coded failure; none retries a workflow task for ever.
 * - `trusted: parsedInput` skips validation, hold and search attributes: the body runs in the first workflow task.
 * - Steps begin at safe points; `op.safePoint(where)` adds one inside a loop. `op.pausable(where, () => activity)` lets a pause stop a long activity
 *   that resumes where it was. In phase `switching` a step's safe point does nothing.
 * - `op.ask(gate, what)` always waits for a person (`approve`); with a policy as third argument, until its time-out.
 *   After a switch that opened nothing: `op.enter('deciding'); await op.ask('not-fenced', '...');` then `op.switching` again.
 *   After a switch that was given up: throw `failure('SwitchFailed', ...)`; compensations run (before `pointOfNoReturn`).
 * - `op.skip(step, why)`, `op.warn(text)`, `op.rollbackLoses(text)`, `op.progress`, `op.id`, `op.input`, `op.dryRun`.
 * - Never catch a cancellation (`isCancellation(error)`) without throwing it again.
 * - `failure(code, message, problems)` ends the operation with that code; `codeOf(error)` reads the code of an activity's failure.
 * - Proxies: `work`, `contract`, `critical`, `watching`; `summarised(work.createMember, 'create db-2', options?)(...args)` adds the summary
 *   that the Temporal UI shows and may override time-outs and retries.
 */
export { contract, critical, summarised, watching, work } from './activities';
export { publish } from './attributes';
export { renderDetails } from './details';
export { codeOf, failure, isCancellation, type Meaning, meaningOf } from './failure';
export { type ControlAnswer, progressQuery } from './handlers';
export { Operation, type Step } from './operation';
export { operation, type OperationDefinition, type WithProgress } from './run';
