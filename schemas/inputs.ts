import { z } from 'zod';

import { adoptionFile } from './adoption-file';
import { clusterChanges, clusterDefinition, clusterName, memberName } from './cluster';
import { errantDecisions } from './errant';
import type { WorkflowType } from './names';
import type { GuardEvidence, Towards } from './pivot';
import { upgradeFields } from './upgrade-plan';

const approval = z
  .strictObject({
    gates: z.array(z.enum(['before-switch'])).min(1),
    timeoutSeconds: z
      .number()
      .positive()
      .max(30 * 86400)
      .default(3600),
    onTimeout: z.enum(['abort', 'ask-again']).default('abort'),
  })
  .describe('gates at which a person must approve, and what happens when nobody does in time');

const expectation = z
  .strictObject({ primary: z.string().optional(), epoch: z.number().int().positive().optional() })
  .describe('refuse if the present primary or epoch is another');

/** Passed by the guard so that nothing has to be looked at again on the critical path; the switch reads everything back all the same. */
const isEvidence = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'state' in value && 'observation' in value && 'diagnosis' in value;

export const pivotInput = z.strictObject({
  cluster: clusterName,
  to: z.string().optional().describe('the member to promote; the best candidate when not given'),
  unplanned: z.boolean().default(false).describe('the primary is lost: do not wait for it, fence it instead'),
  reason: z.string().max(200).default('asked for').describe('goes into the journal of the cluster'),
  dryRun: z.boolean().default(false),
  expect: expectation.optional(),
  approval: approval.optional(),
  transactionBoundMs: z
    .number()
    .int()
    .min(0)
    .max(8000)
    .optional()
    .describe('how long open transactions may go on; the cluster’s own bound when not given'),
  evidence: z.custom<GuardEvidence>(isEvidence, 'only the guard gives this').optional(),
  towards: z.custom<Towards>(() => false, 'only an upgrade gives this').optional(),
  proof: z.boolean().default(true).describe('prove by checksums afterwards that all members hold the same data'),
});

export const createClusterInput = z.strictObject({
  cluster: clusterDefinition,
  dryRun: z.boolean().default(false),
});

export const adoptClusterInput = z.strictObject({
  cluster: adoptionFile,
  dryRun: z.boolean().default(false),
});

export const deleteClusterInput = z.strictObject({
  cluster: clusterName,
  deleteData: z.boolean().default(false).describe('also delete volumes and passwords; they are kept otherwise'),
  removeAccounts: z
    .boolean()
    .default(false)
    .describe('of an adopted cluster: also drop the accounts and the schema that drydock made in it'),
  dryRun: z.boolean().default(false),
  expect: expectation.optional(),
  approval: approval.optional(),
});

export const errantInput = z
  .strictObject({
    cluster: clusterName,
    decision: z
      .enum(errantDecisions)
      .describe(
        'list: what is known. rebuild: the member is built anew, its old volume is kept. accept (MySQL): the primary takes the transactions for ' +
          'known without having their rows. forget: what was kept of them is deleted',
      ),
    member: z.string().optional().describe('whose transactions; not for list'),
    by: z.string().max(100).default('somebody').describe('who decides, for the record in the cluster'),
    reason: z.string().max(140).default('').describe('why, for the record in the cluster'),
    dryRun: z.boolean().default(false),
    expect: expectation.optional(),
    approval: approval.optional(),
    proof: z.boolean().default(true).describe('compare the data of all members afterwards'),
  })
  .superRefine(({ decision, member }, context) => {
    if (decision !== 'list' && member === undefined)
      context.addIssue({ code: 'custom', path: ['member'], message: `${decision} needs the member whose transactions it is about` });
  });

const memberOf = (what: string) => memberName.describe(what);
const proof = z.boolean().default(true).describe('compare the data of the new member with the primary’s afterwards');
const newHost = z.string().optional().describe('the host of the new member; the one of the cluster with the fewest members when not given');
const oldData = z.boolean().default(false).describe('also delete the data of the member that is taken out; they are kept otherwise');
const guarded = { dryRun: z.boolean().default(false), expect: expectation.optional(), approval: approval.optional() };

export const addMemberInput = z.strictObject({ cluster: clusterName, host: newHost, proof, ...guarded });

export const removeMemberInput = z.strictObject({
  cluster: clusterName,
  member: memberOf('the replica that is taken out for good'),
  deleteData: oldData,
  acceptFewAcknowledgers: z
    .boolean()
    .default(false)
    .describe('semi-sync: take it out although fewer than two others acknowledge then; with none, writes wait until one does'),
  ...guarded,
});

export const replaceMemberInput = z.strictObject({
  cluster: clusterName,
  member: memberOf('the replica, lost or not, in whose place a new one is built'),
  host: newHost,
  deleteData: oldData,
  proof,
  ...guarded,
});

export const updateClusterInput = z.strictObject({ cluster: clusterName, set: clusterChanges, ...guarded });

export const guardClusterInput = z.strictObject({
  cluster: clusterName,
  /** Unplanned pivots within `flapWindowSeconds` after which the guard holds for a person. */
  maxPivots: z.number().int().min(1).default(2),
  flapWindowSeconds: z.number().positive().default(600),
  /** State carried through continue-as-new; never given by people. */
  carried: z.unknown().optional(),
});

export const upgradeInput = z
  .strictObject({
    cluster: clusterName,
    ...upgradeFields,
    dryRun: z.boolean().default(false),
    rehearse: z
      .boolean()
      .default(false)
      .describe('build one server of the new version beside the cluster, compare all data, and remove it'),
    expect: expectation.optional(),
    approval: approval.optional(),
  })
  .superRefine(
    ({ to, schema, dryRun, rehearse }, context) => {
      if (to === undefined && schema === undefined)
        context.addIssue({
          code: 'custom',
          path: ['to'],
          message: 'name a version to go to (to), statements that change the schema, or both',
        });
      if (rehearse && dryRun)
        context.addIssue({ code: 'custom', path: ['rehearse'], message: 'a dry run touches nothing: it is one or the other' });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );

/** Input schema by workflow type; JSON Schema files are generated from these. */
export const inputSchemas = {
  addMember: addMemberInput,
  adoptCluster: adoptClusterInput,
  createCluster: createClusterInput,
  deleteCluster: deleteClusterInput,
  errant: errantInput,
  guardCluster: guardClusterInput,
  pivot: pivotInput,
  removeMember: removeMemberInput,
  replaceMember: replaceMemberInput,
  updateCluster: updateClusterInput,
  upgrade: upgradeInput,
} as const satisfies Record<WorkflowType, z.ZodType>;

export type PivotInput = z.output<typeof pivotInput>;
export type AdoptClusterInput = z.output<typeof adoptClusterInput>;
export type CreateClusterInput = z.output<typeof createClusterInput>;
export type DeleteClusterInput = z.output<typeof deleteClusterInput>;
export type ErrantInput = z.output<typeof errantInput>;
export type UpgradeInput = z.output<typeof upgradeInput>;
export type GuardClusterInput = z.output<typeof guardClusterInput>;
export type AddMemberInput = z.output<typeof addMemberInput>;
export type RemoveMemberInput = z.output<typeof removeMemberInput>;
export type ReplaceMemberInput = z.output<typeof replaceMemberInput>;
export type UpdateClusterInput = z.output<typeof updateClusterInput>;
