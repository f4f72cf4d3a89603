import { z } from 'zod';

import { observerName } from './names';

const engineAddress = /^(unix:\/\/\/\S+|tcp:\/\/[^\s/:@]+:\d{1,5}|ssh:\/\/([^\s/:@]+@)?[^\s/:@]+(:\d{1,5})?)$/;

/** Not its content: that would be repeated when it can not be opened. */
const file = z.string().regex(/^(?!.*-----)[^\n]{1,500}$/, 'the name of a file');

const tls = z
  .strictObject({
    ca: file.describe('file with the certificate of the authority that signed the engine’s'),
    cert: file.describe('file with the certificate that the engine knows this client by'),
    key: file.describe('file with its private key'),
  })
  .describe('files in PEM; a relative path begins at the folder of the inventory');

const ssh = z
  .strictObject({
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'a fingerprint such as SHA256:... of `ssh-keygen -lf`, 43 characters')
      .describe('fingerprint of the key by which the host proves itself'),
    key: file.optional().describe('file with a private key without a passphrase; the agent at SSH_AUTH_SOCK when not given'),
  })
  .describe('the user’s shell on the host must find `docker`');

const isReachable = (address: string): boolean => !/^(0|127|169\.254|22[4-9]|2[3-5]\d)\./.test(address);

export const inventoryHost = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters, digits and dashes, starting with a letter, at most 31'),
  engine: z
    .string()
    .regex(engineAddress, 'unix:///path/of/socket, tcp://host:port or ssh://user@host:port')
    .describe('how its Docker Engine is reached'),
  tls: tls.optional(),
  ssh: ssh.optional(),
  address: z
    .ipv4('an IPv4 address of one of its interfaces: servers know each other by address, not by name')
    .refine(isReachable, 'an address at which other hosts reach it')
    .optional()
    .describe('where members and routers on it are reached; needed by clusters that span hosts'),
  dataCentre: z.string().min(1).max(63).optional().describe('where it stands, for candidate rules'),
  labels: z.record(z.string(), z.string()).default({}).describe('whatever people want to see in `drydock host list`'),
});

/** One alone would stop every pivot by its own death. */
const fewestObservers = 2;

const observers = z
  .array(z.string().regex(observerName, 'lower-case letters, digits and dashes, starting with a letter, at most 31'))
  .min(fewestObservers, 'two observers or more: with one alone, its death would stop every unplanned pivot')
  .max(8)
  .refine((names) => new Set(names).size === names.length, 'an observer is named twice')
  .optional()
  .describe('workers in other places that must agree that a primary is lost before another is promoted (docs/sight.md)');

export const inventoryFile = z
  .strictObject({
    hosts: z.array(inventoryHost).min(1),
    observers,
    local: z
      .boolean()
      .default(true)
      .describe('whether the engine beside each worker is the host `local`, too, where no host has that name; false for several workers'),
  })
  .superRefine(
    ({ hosts }, context) => {
      acrossHosts(hosts, (path, message) => context.addIssue({ code: 'custom', path, message }));
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );

type Unchecked = Partial<Record<keyof InventoryHost, unknown>> | null;

/** What fields and hosts say about each other: an engine is one host, since what it does not know is a proof of something. Any of them may still be wrong by itself; that is told elsewhere. */
function acrossHosts(hosts: unknown, problem: (path: PropertyKey[], message: string) => void): void {
  if (!Array.isArray(hosts)) return;
  const seen = { name: new Map<unknown, number>(), engine: new Map<unknown, number>(), address: new Map<unknown, number>() };
  for (const [index, host] of (hosts as Unchecked[]).entries()) {
    if (typeof host !== 'object' || host === null) continue;
    for (const field of ['name', 'engine', 'address'] as const) {
      const value = host[field];
      const first = seen[field].get(value);
      if (typeof value !== 'string') continue;
      if (first === undefined) seen[field].set(value, index);
      else problem(['hosts', index, field], `hosts[${first}] has it too`);
    }
    engineFields(host, (path, message) => problem(['hosts', index, ...path], message));
  }
}

/** Whoever reaches an engine is root on its host: no engine is asked over a network without proof of both sides. */
function engineFields(host: NonNullable<Unchecked>, problem: (path: PropertyKey[], message: string) => void): void {
  const engine = typeof host.engine === 'string' ? host.engine : '';
  const loopback = /^tcp:\/\/(127\.\d+\.\d+\.\d+|localhost):/.test(engine);
  if (engine.startsWith('tcp:') && host.tls === undefined && !loopback)
    problem(['tls'], 'it is missing: an engine on a TCP port wants ca, cert and key');
  if (engine !== '' && !engine.startsWith('tcp:') && host.tls !== undefined) problem(['tls'], 'it belongs to an engine at tcp://');
  if (engine.startsWith('ssh:') && host.ssh === undefined)
    problem(['ssh'], 'it is missing: an engine over SSH wants the hostKey that is to be trusted');
  if (engine !== '' && !engine.startsWith('ssh:') && host.ssh !== undefined) problem(['ssh'], 'it belongs to an engine at ssh://');
}

/** A host after validation, with every default filled in. */
export type InventoryHost = z.output<typeof inventoryHost>;
/** `inventory.yaml` after validation. */
export type InventoryFile = z.output<typeof inventoryFile>;
