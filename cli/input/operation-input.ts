import type { z } from 'zod';

import type { ClusterChanges } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import type { DeleteClusterInput, ErrantInput, PivotInput, UpdateClusterInput } from '../../schemas/inputs';
import { lazy } from '../lazy';
import { numberOr, secondsOr } from './numbers';
import { type LocatedProblem, problemsOf, refuse } from './validate';

export interface GuardedFlags {
  expectPrimary?: string;
  expectEpoch?: string;
  approval?: string[];
  timeout?: string;
  onTimeout?: string;
  dryRun?: boolean;
}

export interface PivotFlags extends GuardedFlags {
  to?: string;
  unplanned?: boolean;
  reason?: string;
  transactionBound?: string;
  proof?: boolean;
}

/** Which flag a path of the input came from. */
const flagOf: Record<string, string> = {
  cluster: 'CLUSTER',
  to: '--to',
  unplanned: '--unplanned',
  reason: '--reason',
  dryRun: '--dry-run',
  transactionBoundMs: '--transaction-bound',
  proof: '--no-proof',
  deleteData: '--delete-data',
  member: 'MEMBER',
  by: '--by',
  removeAccounts: '--remove-accounts',
  host: '--host',
  acceptFewAcknowledgers: '--accept-few-acknowledgers',
  'expect.primary': '--expect-primary',
  'expect.epoch': '--expect-epoch',
  'approval.timeoutSeconds': '--timeout',
  'approval.onTimeout': '--on-timeout',
};

export function flagForPath(path: string): string {
  return flagOf[path] ?? (path.startsWith('approval.gates') ? '--approval' : path);
}

/** Undefined values are left out, so that the schema's defaults hold. */
export const given = (value: Record<string, unknown>): Record<string, unknown> | undefined => {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return entries.length ? Object.fromEntries(entries) : undefined;
};

export function guarded(flags: GuardedFlags): Record<string, unknown> {
  return {
    dryRun: flags.dryRun,
    expect: given({ primary: flags.expectPrimary, epoch: numberOr(flags.expectEpoch) }),
    approval: flags.approval && given({ gates: flags.approval, timeoutSeconds: secondsOr(flags.timeout), onTimeout: flags.onTimeout }),
  };
}

export function withoutGates(flags: GuardedFlags): Problem[] {
  if (flags.approval) return [];
  return (['timeout', 'onTimeout'] as const)
    .filter((name) => flags[name] !== undefined)
    .map((name) => ({
      path: name === 'timeout' ? '--timeout' : '--on-timeout',
      message: 'says how long an approval is waited for; name the gate too, with --approval before-switch',
    }));
}

const named = (problems: readonly LocatedProblem[]): Problem[] =>
  problems.map(({ path, message }) => ({ path: flagForPath(path), message }));

/** Throws one error with every problem of the command line. */
export function refuseCommandLine(schema: z.ZodType, value: unknown, flags: GuardedFlags): void {
  refuse('the command line', [...named(problemsOf(schema, value)), ...withoutGates(flags)]);
}

export function pivotInputFrom(cluster: string, flags: PivotFlags): PivotInput {
  const { pivotInput } = lazy.inputs();
  const value = given({
    cluster,
    to: flags.to,
    unplanned: flags.unplanned,
    reason: flags.reason,
    transactionBoundMs: numberOr(flags.transactionBound),
    proof: flags.proof === false ? false : undefined,
    ...guarded(flags),
  });
  refuseCommandLine(pivotInput, value, flags);
  return pivotInput.parse(value);
}

export function deleteClusterInputFrom(
  cluster: string,
  flags: GuardedFlags & { deleteData?: boolean; removeAccounts?: boolean },
): DeleteClusterInput {
  const { deleteClusterInput } = lazy.inputs();
  const value = given({ cluster, deleteData: flags.deleteData, removeAccounts: flags.removeAccounts, ...guarded(flags) });
  refuseCommandLine(deleteClusterInput, value, flags);
  return deleteClusterInput.parse(value);
}

export function errantInputFrom(
  cluster: string,
  decision: ErrantInput['decision'],
  member: string | undefined,
  flags: GuardedFlags & { by?: string; reason?: string; proof?: boolean },
): ErrantInput {
  const { errantInput } = lazy.inputs();
  const { by, reason } = flags;
  const value = given({ cluster, decision, member, by, reason, proof: flags.proof === false ? false : undefined, ...guarded(flags) });
  refuseCommandLine(errantInput, value, flags);
  return errantInput.parse(value);
}

export function updateClusterInputFrom(cluster: string, set: ClusterChanges, flags: GuardedFlags): UpdateClusterInput {
  const { updateClusterInput } = lazy.inputs();
  const value = given({ cluster, set, ...guarded(flags) });
  refuseCommandLine(updateClusterInput, value, flags);
  return updateClusterInput.parse(value);
}
