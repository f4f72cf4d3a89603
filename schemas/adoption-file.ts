import { isIPv4 } from 'node:net';

import { z } from 'zod';

import { subscribers } from './subscribers';
import { administrators, candidateRules, clusterName, commands, memberName } from './cluster';

const port = z.number().int().min(1).max(65535);

const adoptedMember = z.strictObject({
  name: memberName.optional().describe('<cluster>-1, <cluster>-2, ... when not given'),
  address: z
    .string()
    .refine((text) => isIPv4(text), 'an IPv4 address: routers and the other members reach it there')
    .describe('where workers, routers and the other members reach it'),
  port: port.default(3306),
  host: z.string().min(1).max(60).default('elsewhere').describe('where it runs, for the rules about candidates'),
});

const adoptionFields = z.strictObject({
  name: clusterName,
  members: z.array(adoptedMember).min(1).max(16),
  durability: z.enum(['async', 'semi-sync']).default('semi-sync'),
  administrator: z
    .strictObject({
      user: z.string().min(1).max(80),
      passwordFile: z
        .string()
        .regex(/^\//, 'an absolute path')
        .describe('a file on the machine of the worker that holds the password alone, readable by its owner only'),
    })
    .describe('an account that may make accounts and grant; drydock makes its own with it'),
  administrators: administrators.default([]),
  startsFenced: z
    .boolean()
    .default(false)
    .describe('you say that a member which is started is read-only and replicates from nobody until it is told'),
  candidates: candidateRules.default({ prefer: [], never: [], preferHosts: [], neverHosts: [] }),
  commands: commands.optional(),
  subscribers: subscribers.default([]),
  routers: z.number().int().min(0).max(8).default(0).describe('routers of drydock in front of it; 0: clients are moved by you'),
  hosts: z.array(z.string()).min(1).default(['local']).describe('hosts of the inventory for the routers'),
  ports: z.strictObject({ write: port.min(1024).optional(), read: port.min(1024).optional() }).default({}),
  readFallback: z.enum(['primary', 'refuse']).default('primary'),
  maxReadLagSeconds: z.number().positive().default(10),
  transactionBoundMs: z.number().int().min(0).max(8000).default(500),
  acceptSplitBrain: z.boolean().default(false).describe('go on without proof that the old primary is fenced: voids promise 2'),
});

/** A file for `cluster adopt`: a cluster that exists already, made by others (docs/adoption.md). */
export const adoptionFile = adoptionFields.superRefine(
  (file, context) => acrossFields(file, (path, message) => context.addIssue({ code: 'custom', path, message })),
  { when: ({ value }) => typeof value === 'object' && value !== null },
);

type Unchecked = { [Field in keyof z.output<typeof adoptionFields>]?: unknown };

/** What fields say about each other. Any of them may still be wrong by itself; that is told elsewhere. */
function acrossFields(file: Unchecked, problem: (path: PropertyKey[], message: string) => void): void {
  const members = z.array(adoptedMember).safeParse(file.members);
  if (!members.success) return;
  const names = members.data.map((member, index) => member.name ?? `${String(file.name)}-${index + 1}`);
  const places = members.data.map(({ address, port: at }) => `${address}:${at}`);
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) problem(['members', index, 'name'], `${name} is named twice`);
  for (const [index, place] of places.entries())
    if (places.indexOf(place) < index) problem(['members', index, 'address'], `${place} is given twice`);
  if (file.durability === 'semi-sync' && names.length < 3)
    problem(
      ['members'],
      `semi-sync needs a primary and two replicas or more that may acknowledge, found ${names.length} members; choose durability async`,
    );
  const candidates = candidateRules.partial().safeParse(file.candidates);
  for (const rule of ['prefer', 'never'] as const)
    for (const [index, name] of ((candidates.success && candidates.data[rule]) || []).entries())
      if (!names.includes(name)) problem(['candidates', rule, index], `${name} is none of ${names.join(', ')}`);
  const given = commands.safeParse(file.commands);
  for (const name of Object.keys(given.success ? given.data.members : {}))
    if (!names.includes(name)) problem(['commands', 'members', name], `is none of ${names.join(', ')}`);
}

/** After validation, with every default filled in. */
export type AdoptionFile = z.output<typeof adoptionFile>;
export type AdoptionFileAsWritten = z.input<typeof adoptionFile>;
