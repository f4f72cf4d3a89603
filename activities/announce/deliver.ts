import type { Announcement } from '../../schemas/announcement';
import type { Subscriber } from '../../schemas/subscribers';
import { failure } from '../failure';
import type { SecretStore } from '../secrets';
import { ConsulKey } from './consul';
import { EtcdKey } from './etcd';
import { publishTo } from './key-store';
import { request, refused } from './request';
import { readGivenSecret } from './secret';
import { signed } from './sign';

/** One attempt to tell one subscriber of one change. Throws NotDelivered, SecretMissing. */
export async function deliver(
  secrets: SecretStore,
  { name, webhook, consul, etcd }: Subscriber,
  announcement: Announcement,
): Promise<'confirmed' | 'superseded'> {
  const secret = (reference: string): Promise<string> => readGivenSecret(secrets, reference);
  if (webhook) return post(webhook.url, announcement, await secret(webhook.secret));
  if (consul) return publishTo(new ConsulKey(consul.url, consul.key, consul.token && (await secret(consul.token))), announcement);
  if (etcd) {
    const login = etcd.user && etcd.password ? { user: etcd.user, password: await secret(etcd.password) } : undefined;
    return publishTo(new EtcdKey(etcd.urls, etcd.key, login), announcement);
  }
  throw failure('NotDelivered', `${name} is neither a webhook, nor Consul, nor etcd`, [], false);
}

async function post(url: string, announcement: Announcement, secret: string): Promise<'confirmed'> {
  const body = JSON.stringify(announcement);
  const headers = signed(announcement.id, Math.floor(Date.now() / 1000), body, secret);
  const answer = await request('POST', url, { body, headers, statusIsAll: true });
  if (answer.status < 200 || answer.status > 299) throw refused(url, answer);
  return 'confirmed';
}
