import { z } from 'zod';

import { limitProblems } from './connection-limits';
import { subscribers } from './subscribers';

export const memberName = z.string().regex(/^[a-z][a-z0-9-]{0,33}$/, 'a member is called <cluster>-1, <cluster>-2, ...');

export const clusterName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'a cluster name is lower-case letters, digits and dashes, starting with a letter, at most 31');

/** Versions that drydock builds images for (images/). A user may name any other image with `image`. */
export const builtVersions = {
  mysql: ['5.5', '5.6', '8.0', '9.7'],
  mariadb: ['10.11', '11.8'],
} as const;

export const candidateRules = z
  .strictObject({
    prefer: z.array(memberName).default([]).describe('members to promote first, in this order, data being equal'),
    never: z.array(memberName).default([]).describe('members that are never promoted and never acknowledge'),
    preferHosts: z.array(z.string()).default([]).describe('hosts whose members are promoted first'),
    neverHosts: z.array(z.string()).default([]).describe('hosts whose members are never promoted'),
    preferDataCentres: z
      .array(z.string())
      .optional()
      .describe('data centres (of the inventory) whose members are promoted first; then those of the present primary’s own'),
    maxLagSeconds: z.number().positive().max(60).optional().describe('a planned pivot promotes no member that lags more (default 5)'),
  })
  .describe('who may be promoted; data comes first, rules second');

/** What one member does otherwise than the rest: such a member is neither promoted nor does it acknowledge. */
export const memberRule = z
  .strictObject({
    delaySeconds: z
      .number()
      .int()
      .min(1)
      .max(30 * 86400)
      .optional()
      .describe('applies everything so much later, on purpose'),
    follows: memberName.optional().describe('replicates from this member instead of the primary'),
  })
  .refine((rule) => rule.delaySeconds !== undefined || rule.follows !== undefined, 'names neither delaySeconds nor follows');
/** A name that looks like the option of a secret: words of a command are shown in Temporal and in process lists. */
const secretOption = /^-{1,2}(password|passwd|passphrase|secret|token)([= ]|$)/i;

const argv = z
  .array(
    z
      .string()
      .min(1)
      .max(500)
      .refine((word) => !word.includes('\0'), 'holds a zero byte')
      .refine(
        (word) => !secretOption.test(word),
        'holds a secret, which everybody would see; let the command read it from a file of its own',
      ),
  )
  .min(1)
  .max(50)
  .refine(
    (words) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(words[0] ?? ''),
    'the first word is the name of a program in the folder `commands` of the installation',
  );

const bound = z.number().min(1).max(30);
const commandFields = {
  fence: argv.optional().describe('proves by exit code 0 that the server does not run any more'),
  start: argv.optional().describe('starts the server'),
  status: argv.optional().describe('exit code 0: it runs, 2: it is off'),
};

/** docs/adoption.md, "Commands". Lists of words, no shell; {member}, {address}, {port}, {host} and {action} are filled in. */
export const commands = z
  .strictObject({
    ...commandFields,
    timeoutSeconds: bound.default(15).describe('bound of each command'),
    members: z
      .record(memberName, z.strictObject({ ...commandFields, timeoutSeconds: bound.optional() }))
      .default({})
      .describe('other commands for single members'),
  })
  .describe('programs of the user that fence, start and look at servers, as Pacemaker’s fence agents do');

export const administrators = z
  .array(z.string().regex(/^[^@]+@[^@]+$/, 'an account such as root@%'))
  .describe('accounts of people that may write on a read-only member and do not: they are no reason to refuse a pivot');

const connectionLimit = z.number().int().min(1).max(100_000);

export const connections = z
  .strictObject({
    write: connectionLimit.optional().describe('to the primary through the write port, of all routers together'),
    read: connectionLimit.optional().describe('to each member through the read port, of all routers together'),
  })
  .refine(({ write, read }) => write !== undefined || read !== undefined, 'names neither write nor read')
  .describe('most connections of clients; more wait at the router. By default half each of what max_connections leaves');

const clusterFields = z.strictObject({
  name: clusterName,
  engine: z.enum(['mysql', 'mariadb']),
  version: z.string().regex(/^\d+\.\d+(\.\d+)?$/, 'a version such as 8.0 or 10.11'),
  image: z.string().min(1).optional().describe('an image to run instead of the one that drydock builds'),
  replicas: z.number().int().min(0).max(15).default(2),
  durability: z.enum(['async', 'semi-sync']).default('semi-sync'),
  hosts: z.array(z.string()).min(1).default(['local']).describe('hosts of the inventory; members are spread over them in turn'),
  resources: z
    .strictObject({
      memory: z
        .string()
        .regex(/^\d+[mg]$/, 'a number with m or g, such as 512m')
        .optional(),
      cpus: z.number().positive().optional(),
    })
    .default({}),
  candidates: candidateRules.default({ prefer: [], never: [], preferHosts: [], neverHosts: [] }),
  members: z
    .record(memberName, memberRule)
    .optional()
    .describe(
      'delayed and cascading replicas by their names, such as {"orders-4": {"delaySeconds": 3600}, "orders-3": {"follows": "orders-2"}}',
    ),
  onErrant: z
    .enum(['rebuild', 'hold'])
    .optional()
    .describe('a member with transactions that nobody else has: it is built anew by itself (default), or waits for a person’s decision'),
  routers: z.number().int().min(1).max(8).default(1),
  ports: z
    .strictObject({ write: z.number().int().min(1024).max(65535).optional(), read: z.number().int().min(1024).max(65535).optional() })
    .default({})
    .describe('ports of the first router on 127.0.0.1; free ones are chosen when not given'),
  connections: connections.optional(),
  readFallback: z.enum(['primary', 'refuse']).default('primary').describe("what the replicas' port does with no replica fit to read from"),
  maxReadLagSeconds: z.number().positive().default(10),
  transactionBoundMs: z.number().int().min(0).max(8000).default(500).describe('how long a planned pivot lets open transactions end'),
  acceptSplitBrain: z.boolean().default(false).describe('go on without proof that the old primary is fenced: voids promise 2'),
  commands: commands.optional(),
  administrators: administrators.optional(),
  subscribers: subscribers.default([]),
  settings: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]*$/), z.string())
    .default({})
    .describe('further server settings, such as {"max_connections": "500"}'),
});

/** What of a cluster that exists may be changed while it serves (updateCluster). Members: addMember and its like; all else is for good. */
export const clusterChanges = z
  .strictObject({
    subscribers: subscribers.optional(),
    connections: connections.optional(),
    readFallback: clusterFields.shape.readFallback.removeDefault().optional(),
    maxReadLagSeconds: clusterFields.shape.maxReadLagSeconds.removeDefault().optional(),
    transactionBoundMs: clusterFields.shape.transactionBoundMs.removeDefault().optional(),
    onErrant: clusterFields.shape.onErrant,
    administrators: administrators.optional(),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'names nothing to change')
  .describe('fields of the cluster file with their new values; a list takes the place of the whole list');

export const clusterDefinition = clusterFields
  // Also when single fields are wrong: whoever mends a file wants to hear everything at once.
  .superRefine((definition, context) => acrossFields(definition, (path, message) => context.addIssue({ code: 'custom', path, message })), {
    when: ({ value }) => typeof value === 'object' && value !== null,
  });

type Unchecked = { [Field in keyof z.output<typeof clusterFields>]?: unknown };

/** What fields say about each other. Any of them may still be wrong by itself; that is told elsewhere. */
function acrossFields(definition: Unchecked, problem: (path: PropertyKey[], message: string) => void): void {
  const { engine, version, image, replicas, durability } = definition;
  if (durability === 'semi-sync' && typeof replicas === 'number' && replicas < 2)
    problem(
      ['replicas'],
      `semi-sync needs two replicas or more that may acknowledge, found ${replicas}; add replicas or choose durability async`,
    );
  const built: readonly string[] | undefined = engine === 'mysql' || engine === 'mariadb' ? builtVersions[engine] : undefined;
  if (built && image === undefined && typeof version === 'string' && !built.includes(version))
    problem(['version'], `no image is built for ${String(engine)} ${version}; built are ${built.join(', ')}; name another with image`);
  memberProblems(definition, problem);
  const limits = clusterFields.pick({ connections: true, replicas: true, routers: true, settings: true }).safeParse({
    connections: definition.connections,
    replicas,
    routers: definition.routers,
    settings: definition.settings,
  });
  if (limits.success) for (const { path, message } of limitProblems(limits.data)) problem([path], message);
  const candidates = candidateRules.partial().safeParse(definition.candidates);
  if (!candidates.success) return;
  const { prefer = [], never = [] } = candidates.data;
  for (const [index, member] of prefer.entries())
    if (never.includes(member)) problem(['candidates', 'prefer', index], `${member} is also listed under never`);
}

/** Who follows whom must lead to the primary. Names of members are known here: they are numbered. */
function memberProblems(definition: Unchecked, problem: (path: PropertyKey[], message: string) => void): void {
  const { name, engine, version, replicas } = definition;
  const read = z.record(memberName, memberRule).safeParse(definition.members ?? {});
  if (!read.success || typeof name !== 'string' || typeof replicas !== 'number') return;
  const known = Array.from({ length: replicas + 1 }, (_, index) => `${name}-${index + 1}`);
  const rules = read.data;
  if (Object.keys(rules).length > 0 && engine === 'mysql' && version === '5.5')
    problem(['members'], 'MySQL 5.5 knows no delay, and without GTID a member can not be moved from one source to another');
  for (const [member, { follows }] of Object.entries(rules)) {
    if (!known.includes(member)) problem(['members', member], `${member} is none of ${known.join(', ')}`);
    if (follows === undefined) continue;
    if (!known.includes(follows)) problem(['members', member, 'follows'], `${follows} is none of ${known.join(', ')}`);
    else if (isCircle(member, rules)) problem(['members', member, 'follows'], `${member} follows itself in the end`);
    else if (rules[follows]?.delaySeconds !== undefined)
      problem(['members', member, 'follows'], `${follows} is delayed: ${member} would be so without its rule saying it`);
  }
}

function isCircle(member: string, rules: Record<string, { follows?: string }>): boolean {
  const seen = new Set([member]);
  for (let next = rules[member]?.follows; next !== undefined; next = rules[next]?.follows) {
    if (seen.has(next)) return true;
    seen.add(next);
  }
  return false;
}

/**
 * Why a member stands aside: it is neither candidate nor acknowledger, and nobody reads from it.
 * - `building`: it is of a generation that is not in service yet, or not any more after a way back; the guard leaves it alone.
 * - `kept`: it is of the generation that was in service before, and is kept for the way back.
 */
export type Aside = 'building' | 'kept';

export type ClusterChanges = z.output<typeof clusterChanges>;
/** A cluster file after validation, with every default filled in. */
export type ClusterDefinition = z.output<typeof clusterDefinition> & {
  /** By `withStanding` only, never by people: members of a generation that does not count now (docs/upgrade.md). */
  aside?: Record<string, Aside>;
};
/** A cluster file as people write it. */
export type ClusterFile = z.input<typeof clusterDefinition>;
