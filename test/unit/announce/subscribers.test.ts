import { clusterDefinition } from '../../../schemas/cluster';

const problemsOf = (...list: unknown[]): string[] => {
  const parsed = clusterDefinition.safeParse({ name: 'shop', engine: 'mysql', version: '8.0', subscribers: list });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};
const hook = { name: 'billing', webhook: { url: 'https://billing.example/hook?x=1', secret: 'subscribers/billing' } };
const consul = { name: 'dns', consul: { url: 'http://127.0.0.1:8500', key: 'drydock/shop', token: 'subscribers/consul/token' } };
const etcd = {
  name: 'etcd',
  etcd: { urls: ['http://a:2379', 'http://b:2379'], key: '/drydock/shop', user: 'u', password: 'subscribers/etcd' },
};

test('webhook, Consul and etcd; none by default', () => {
  expect(problemsOf(hook, consul, etcd)).toEqual([]);
  expect(clusterDefinition.parse({ name: 'shop', engine: 'mysql', version: '8.0' }).subscribers).toEqual([]);
});

test.each([
  ['a password in an address', { ...hook, webhook: { ...hook.webhook, url: 'https://u:p@h/' } }, 'subscribers.0.webhook.url'],
  ['no http', { ...hook, webhook: { ...hook.webhook, url: 'file:///etc/passwd' } }, 'subscribers.0.webhook.url'],
  ['a secret by its value', { ...hook, webhook: { ...hook.webhook, secret: 'whsec_abcdef==' } }, 'subscribers.0.webhook.secret'],
  ["another cluster's password", { ...consul, consul: { ...consul.consul, token: 'clusters/bank/root' } }, 'subscribers.0.consul.token'],
  ['a way out', { ...hook, webhook: { ...hook.webhook, secret: 'subscribers/../clusters/a' } }, 'subscribers.0.webhook.secret'],
  ['a query in a server', { ...consul, consul: { ...consul.consul, url: 'http://c:8500/?dc=x' } }, 'subscribers.0.consul.url'],
  ['a key that climbs', { ...consul, consul: { ...consul.consul, key: 'a/../b' } }, 'subscribers.0.consul.key'],
  ['a user without password', { ...etcd, etcd: { ...etcd.etcd, password: undefined } }, 'subscribers.0.etcd'],
  ['two kinds', { ...hook, consul: consul.consul }, 'subscribers.0'],
  ['no kind', { name: 'x' }, 'subscribers.0'],
  ['an unknown field', { ...hook, color: 'red' }, 'subscribers.0'],
])('refused: %s', (_, one, path) => expect(problemsOf(one).map((text) => text.split(':')[0])).toContain(path));

test('every problem at once', () => {
  const found = problemsOf({ name: 'X', webhook: { url: 'nope' } }, hook, hook, { name: 'y' });
  expect(found.map((text) => text.split(':')[0])).toEqual(
    expect.arrayContaining([
      'subscribers.0.name',
      'subscribers.0.webhook.url',
      'subscribers.0.webhook.secret',
      'subscribers.2.name',
      'subscribers.3',
    ]),
  );
});
