import type { Problem } from '../../schemas/error-codes';
import type { Subscriber } from '../../schemas/subscribers';
import { codeOf, failure } from '../failure';
import type { SecretStore } from '../secrets';
import { readGivenSecret } from './secret';
import { shortestKey, signingKey } from './sign';

/** Throws SecretMissing with every problem at once, before anything of the cluster is made. */
export async function checkSubscribers(secrets: SecretStore, subscribers: readonly Subscriber[]): Promise<void> {
  const problems: Problem[] = [];
  for (const [index, { webhook, consul, etcd }] of subscribers.entries()) {
    const at = `cluster.subscribers.${index}`;
    const named: [path: string, reference: string | undefined, signs: boolean][] = [
      [`${at}.webhook.secret`, webhook?.secret, true],
      [`${at}.consul.token`, consul?.token, false],
      [`${at}.etcd.password`, etcd?.password, false],
    ];
    for (const [path, reference, signs] of named) {
      const message = reference === undefined ? undefined : await problemOf(secrets, reference, signs);
      if (message !== undefined) problems.push({ path, message });
    }
  }
  if (problems.length === 0) return;
  throw failure('SecretMissing', problems.map(({ path, message }) => `${path}: ${message}`).join('; '), problems);
}

async function problemOf(secrets: SecretStore, reference: string, signs: boolean): Promise<string | undefined> {
  try {
    const value = await readGivenSecret(secrets, reference);
    if (value === '') return `the file ${secrets.path(reference)} is empty`;
    if (signs && signingKey(value).length < shortestKey)
      return `the key in ${secrets.path(reference)} is too short to sign with: ${shortestKey} bytes or more are needed`;
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'SecretMissing') return `there is no file ${secrets.path(reference)}; put the secret there, mode 0600`;
    return `the file ${secrets.path(reference)} can not be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`;
  }
}
