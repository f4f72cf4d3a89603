import { createHmac } from 'node:crypto';

export const shortestKey = 16;

/** Standard Webhooks writes a key as `whsec_` and base64; any other text is the key itself. */
export function signingKey(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8');
}

/**
 * Headers of a signed delivery (https://www.standardwebhooks.com): HMAC-SHA256 over id, time in seconds since 1970, and body. The time is
 * that of the attempt, so that a receiver can refuse a copy that somebody kept.
 */
export function signed(id: string, seconds: number, body: string, secret: string): Record<string, string> {
  const signature = createHmac('sha256', signingKey(secret)).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
}
