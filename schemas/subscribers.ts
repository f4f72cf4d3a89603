import { z } from 'zod';

/**
 * Secrets of subscribers are files that a person puts below `secrets/subscribers/` of the installation. Nothing else may be named: a
 * definition must not be able to send a database's password to an address of its choice.
 */
const secretReference = z
  .string()
  .regex(
    /^subscribers(\/[a-zA-Z0-9_][a-zA-Z0-9._-]{0,63}){1,4}$/,
    'a secret is named by its file below $DRYDOCK_HOME/secrets, such as subscribers/billing, never by its value',
  );

const address = z
  .string()
  .max(500)
  .refine((text) => isHttp(text), 'an address that begins with http:// or https://')
  .refine(
    (text) => !isHttp(text) || (new URL(text).username === '' && new URL(text).password === ''),
    'user and password do not belong into an address: it is shown to everybody; name a secret instead',
  );

/** Of a server: what a request adds is drydock's own. */
const base = address.refine(
  (text) => !isHttp(text) || (new URL(text).search === '' && new URL(text).hash === ''),
  'the address of a server, without ? and #',
);

function isHttp(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

const key = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[a-zA-Z0-9._/-]+$/, 'a key is made of letters, digits and . _ - /')
  .refine((text) => !text.split('/').some((part) => part === '.' || part === '..'), 'a key has no parts . or ..');

const webhook = z
  .strictObject({ url: address, secret: secretReference.describe('the key that deliveries are signed with') })
  .describe('every change, in order, as a signed POST');

const consul = z
  .strictObject({
    url: base.describe('of an agent or server of Consul, such as http://127.0.0.1:8500'),
    key: key.refine((text) => !text.startsWith('/'), 'a key of Consul does not begin with /'),
    token: secretReference.optional().describe('an ACL token that may read and write the key'),
  })
  .describe('the newest topology in a key of Consul');

const etcd = z
  .strictObject({
    urls: z.array(base).min(1).max(5).describe('members of the etcd cluster, asked in turn'),
    key,
    user: z.string().min(1).max(100).optional(),
    password: secretReference.optional(),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), 'user and password come together')
  .describe('the newest topology in a key of etcd 3.4 or later');

export const subscriberName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'a subscriber name is lower-case letters, digits and dashes, starting with a letter, at most 31');

const kinds = ['webhook', 'consul', 'etcd'] as const;

/** One kind each; told by one problem, and not by those of three variants. */
export const subscriber = z
  .strictObject({ name: subscriberName, webhook: webhook.optional(), consul: consul.optional(), etcd: etcd.optional() })
  .superRefine(
    (one, context) => {
      const given = kinds.filter((kind) => one[kind] !== undefined);
      if (given.length !== 1)
        context.addIssue({
          code: 'custom',
          message: `a subscriber is one of ${kinds.join(', ')}; found ${given.join(' and ') || 'none of them'}`,
        });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );

export const subscribers = z
  .array(subscriber)
  .max(16)
  .superRefine(
    (list, context) => {
      for (const [index, { name }] of list.entries())
        if (list.findIndex((other) => other?.name === name) < index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: `${name} is the name of another subscriber, too` });
    },
    { when: ({ value }) => Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null) },
  )
  .describe('who is told of every change of primary: docs/announcements.md');

export type Subscriber = z.output<typeof subscriber>;
