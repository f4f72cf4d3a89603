import { planCluster } from '../../../activities/docker/plan';
import { accountsOf } from '../../../activities/mysql/accounts';
import { parseVersion } from '../../../activities/mysql/version';
import { clusterDefinition } from '../../../schemas/cluster';

const definition = clusterDefinition.parse({ name: 'shop', engine: 'mysql', version: '8.0', routers: 2 });
const applicationHosts = (hosts: { name: string; address?: string }[]): string[] => {
  let port = 20_000;
  const cluster = planCluster(definition, hosts, '10.213.0.64/27', 'i', () => port++);
  return accountsOf(cluster, parseVersion('8.0', 'mysql'))
    .filter(({ purpose }) => purpose === 'application')
    .map(({ host }) => host);
};

test('on the one local engine applications are known at the routers only', () => {
  expect(applicationHosts([{ name: 'local' }])).toEqual(['10.213.0.66', '10.213.0.67']);
});

test('on hosts with an address also behind the proxy of their engines, through which a router comes to a member beside it', () => {
  const hosts = [
    { name: 'a', address: '192.0.2.1' },
    { name: 'b', address: '192.0.2.2' },
  ];
  expect(applicationHosts(hosts)).toEqual(['192.0.2.1', '192.0.2.2', '10.213.0.0/255.255.0.0']);
});
