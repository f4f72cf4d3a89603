import { z } from 'zod';

import { builtVersions, memberName } from './cluster';
import { holdsPassword, statements, verbOf } from './sql-text';
import { ownSteps, stepDefaults, upgradeSteps } from './upgrade';

const day = 86_400;

/** Inputs are shown by Temporal to everybody who may look. */
const sql = z
  .string()
  .min(1)
  .max(20_000)
  .refine((text) => statements(text).length === 1, 'is not one statement')
  .refine((text) => !holdsPassword(text), 'holds a password, which everybody would see; make accounts by hand');

const readers = ['SELECT', 'SHOW', 'CHECKSUM', 'EXPLAIN'];
const readingSql = sql.refine((text) => readers.includes(verbOf(text)), `only reads: it begins with ${readers.join(', ')}`);

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What a query must answer: one value, or all rows with the values of their columns. */
export const assertion = z.strictObject({
  name: z.string().min(1).max(60).optional(),
  sql: readingSql,
  expect: z.union([value, z.array(z.array(value))]).describe('one value, or rows of values'),
});

export type Assertion = z.output<typeof assertion>;

const accepted = z.strictObject({
  check: z.string().regex(/^[A-Z][A-Za-z]+$/, 'the name of a check, such as NotInnodb'),
  path: z.string().min(1).max(200).optional().describe('only there; everywhere when not given'),
});

const preflight = z.strictObject({
  step: z.literal('preflight'),
  accept: z.array(accepted).default([]).describe('findings that a person takes on'),
});

const buildMembers = z.strictObject({
  step: z.literal('build-members'),
  replicas: z.number().int().min(1).max(15).optional().describe('replicas of the new generation; as many as there are when not given'),
  recipe: z.enum(['physical', 'logical']).optional().describe('how they are seeded; the fastest safe way when not given'),
  donor: memberName.optional().describe('the replica whose data are copied'),
  parallel: z.number().int().min(1).max(4).default(stepDefaults['build-members'].parallel),
});

const changeSchema = z.strictObject({ step: z.literal('change-schema') });

const catchUp = z.strictObject({
  step: z.literal('catch-up'),
  maxLagSeconds: z.number().positive().max(60).default(stepDefaults['catch-up'].maxLagSeconds),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(7 * day)
    .default(stepDefaults['catch-up'].timeoutSeconds),
});

const verify = z.strictObject({
  step: z.literal('verify'),
  checksums: z.boolean().default(stepDefaults.verify.checksums),
  rowCounts: z.boolean().default(stepDefaults.verify.rowCounts),
  schema: z.boolean().default(stepDefaults.verify.schema),
  reads: z
    .strictObject({ seconds: z.number().int().min(1).max(3600).default(60), maxSlowdown: z.number().min(1).max(100).default(2) })
    .optional()
    .describe('reads of the primary are run again on a new member: results and times are compared'),
  assertions: z.array(assertion).max(100).default([]),
});

const canary = z.strictObject({
  step: z.literal('canary'),
  skip: z.literal(true).optional(),
  share: z.number().positive().max(0.5).default(stepDefaults.canary.share).describe('of the reads through the router'),
  seconds: z.number().int().min(10).max(day).default(stepDefaults.canary.seconds),
  maxErrorRate: z.number().min(0).max(1).default(stepDefaults.canary.maxErrorRate),
  maxSlowdown: z.number().min(1).max(100).default(stepDefaults.canary.maxSlowdown),
});

const cutOver = z.strictObject({
  step: z.literal('cut-over'),
  to: memberName.optional().describe('the new member to promote; the best one when not given'),
  transactionBoundMs: z.number().int().min(0).max(8000).optional(),
});

const keepWayBack = z.strictObject({
  step: z.literal('keep-way-back'),
  skip: z.literal(true).optional(),
  windowSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * day)
    .default(stepDefaults['keep-way-back'].windowSeconds),
  rollbackWhen: z
    .strictObject({
      assertions: z.array(assertion).max(20).default([]),
      routerErrorRate: z.number().positive().max(1).optional(),
    })
    .default({ assertions: [] })
    .describe('goes back by itself when one of these fails, while the way back is live'),
});

const removeOld = z.strictObject({
  step: z.literal('remove-old'),
  approve: z.boolean().default(stepDefaults['remove-old'].approve).describe('a person must approve; else the end of the window is enough'),
  keepVolumes: z.boolean().default(stepDefaults['remove-old'].keepVolumes),
});

const stepName = z.string().regex(/^[a-z](?:[a-z0-9 -]{0,58}[a-z0-9])?$/, 'a name of lower-case letters, digits, dashes and spaces');

const ownSql = z.strictObject({
  step: z.literal('sql'),
  name: stepName,
  on: z.enum(['new-members', 'primary']),
  statements: z.array(sql).min(1).max(100),
  expect: z
    .union([value, z.array(z.array(value))])
    .optional()
    .describe('what the last statement must answer'),
});

const ownContainer = z.strictObject({
  step: z.literal('container'),
  name: stepName,
  image: z.string().min(1).max(300),
  command: z.array(z.string().min(1).max(1000)).max(50).default([]),
  timeoutSeconds: z.number().int().min(1).max(day).default(600),
});

const ownApproval = z.strictObject({
  step: z.literal('approve'),
  name: stepName,
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(30 * day)
    .default(3600),
  onTimeout: z.enum(['abort', 'ask-again']).default('abort'),
});

export const upgradeStep = z.discriminatedUnion(
  'step',
  [preflight, buildMembers, changeSchema, catchUp, verify, canary, cutOver, keepWayBack, removeOld, ownSql, ownContainer, ownApproval],
  { error: (issue) => (issue.code === 'invalid_union' ? `is none of ${[...upgradeSteps, ...ownSteps].join(', ')}` : undefined) },
);

export type UpgradeStep = z.output<typeof upgradeStep>;
export type OwnStep = Extract<UpgradeStep, { name: string }>;
export type NamedStep = Exclude<UpgradeStep, OwnStep>;

type Loose = Partial<Record<string, unknown>>;

/** What the entries of a plan say about each other; any of them may still be wrong by itself. */
function acrossSteps(given: unknown, problem: (path: PropertyKey[], message: string) => void): void {
  if (!Array.isArray(given)) return;
  const entries = given.map((entry) => (typeof entry === 'object' && entry !== null ? (entry as Loose) : {}));
  const order: readonly unknown[] = upgradeSteps;
  const own: readonly unknown[] = ownSteps;
  let last = -1;
  const names = new Set<unknown>();
  for (const [index, { step, name, on }] of entries.entries()) {
    if (own.includes(step)) {
      if (typeof name === 'string' && names.has(name)) problem([index, 'name'], `two steps are called ${name}`);
      names.add(name);
      if (step === 'sql' && on === 'new-members' && last >= order.indexOf('cut-over'))
        problem(
          [index, 'on'],
          'after cut-over a new member is the primary: what is done on the others alone would make them differ; use primary',
        );
      continue;
    }
    const at = order.indexOf(step);
    if (at < 0) continue;
    if (at === last) problem([index, 'step'], `${String(step)} is listed twice`);
    else if (at < last) problem([index, 'step'], `${String(step)} comes before ${String(order[last])}`);
    last = Math.max(last, at);
  }
  if (entries.length > 0 && entries.every(({ step }) => own.includes(step)))
    problem([], `own steps stay beside a named one: list it too (${upgradeSteps.join(', ')})`);
}

export const upgradePlanSteps = z
  .array(upgradeStep)
  .max(100)
  .superRefine((given, context) => acrossSteps(given, (path, message) => context.addIssue({ code: 'custom', path, message })), {
    when: () => true,
  })
  .describe('what is otherwise than in the standard plan (docs/upgrade.md)');

const versionText = /^\d+\.\d+(\.\d+)?$/;

const target = z
  .strictObject({
    engine: z.enum(['mysql', 'mariadb']).optional().describe('only to be sure: an upgrade never changes the engine'),
    version: z.string().regex(versionText, 'a version such as 8.0 or 10.11'),
    image: z.string().min(1).optional().describe('an image to run instead of the one that drydock builds'),
  })
  .refine(
    ({ engine, version, image }) => image !== undefined || !versionText.test(version) || built(engine).includes(version),
    `no image is built for this version; built are MySQL ${builtVersions.mysql.join(', ')}, MariaDB ${builtVersions.mariadb.join(', ')}; name another with image`,
  );

const built = (engine: 'mysql' | 'mariadb' | undefined): readonly string[] =>
  engine ? builtVersions[engine] : [...builtVersions.mysql, ...builtVersions.mariadb];

/** What an upgrade is asked for beside the cluster: a plan file has the same fields. */
export const upgradeFields = {
  to: target.optional().describe('the version to go to; as it is when only the schema changes'),
  schema: z.array(sql).min(1).max(100).optional().describe('statements that change the schema on the new members'),
  steps: upgradePlanSteps.default([]),
};

/** A plan file: its fields are those of the input, and flags win over it. */
export const upgradePlanFile = z.strictObject(upgradeFields).partial();

export type UpgradePlanFile = z.input<typeof upgradePlanFile>;
