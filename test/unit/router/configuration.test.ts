import { readSlots, routerConfiguration, routerFiles } from '../../../activities/router/configuration';
import { mostConnections } from '../../../schemas/connection-limits';

const text = routerConfiguration({ name: 'shop' });
const section = (name: string): string[] => {
  const from = text.split('\n').indexOf(name);
  const rest = text.split('\n').slice(from + 1);
  const end = rest.findIndex((line) => /^[a-z]/.test(line));
  return rest.slice(0, end < 0 ? undefined : end).map((line) => line.trim());
};

test('a router starts closed: epoch 0, and every server that leads to data disabled', () => {
  expect(section('global')).toContain('set-var proc.epoch int(0)');
  const servers = [...section('backend write'), ...section('backend read')].filter((line) => line.startsWith('server '));
  expect(servers).toHaveLength(1 + readSlots);
  for (const server of servers) expect(server).toMatch(/ disabled$/);
});

test('there is one place for a primary, and room for twice the largest cluster to read from', () => {
  expect(section('backend write').filter((line) => line.startsWith('server '))).toEqual(['server p 0.0.0.0:3306 disabled']);
  expect(readSlots).toBeGreaterThanOrEqual(2 * 16);
});

test('the admin port wants a certificate of the cluster, and its socket is nobody else’s', () => {
  const bind = section('listen admin').find((line) => line.startsWith('bind '));
  expect(bind).toContain('verify required');
  expect(bind).toContain(`ca-file ${routerFiles.authority}`);
  expect(bind).toContain('ssl-min-ver TLSv1.3');
  expect(section('global')).toContain('stats socket /run/haproxy/admin.sock mode 600 level admin');
});

test('a dead address is given up soon and tried again, for longer than a pivot lasts', () => {
  expect(section('defaults')).toEqual(
    expect.arrayContaining(['timeout connect 200ms', 'retries 5', 'option redispatch 1', 'timeout client 24h', 'timeout server 24h']),
  );
  expect(section('backend write')).toEqual(expect.arrayContaining(['timeout connect 50ms', 'retries 80']));
});

test('commands take effect in the order of their sending, within the descriptors that a container has', () => {
  const global = section('global');
  expect(global).toContain('nbthread 1');
  const maximum = Number(global.find((line) => line.startsWith('maxconn '))?.split(' ')[1]);
  expect(maximum).toBeGreaterThan(2 * mostConnections);
  expect(2 * maximum).toBeLessThan(20_000);
});

test('each port takes what a member can take, and the rest waits in the kernel', () => {
  const limitOf = (frontend: string, more: object): string[] => {
    const lines = routerConfiguration({ name: 'shop', ...more }).split('\n');
    return lines
      .slice(lines.indexOf(frontend))
      .filter((line) => line.startsWith('    maxconn '))
      .slice(0, 1);
  };
  expect(limitOf('frontend write', {})).toEqual(['    maxconn 65']);
  expect(limitOf('frontend read', {})).toEqual(['    maxconn 64']);
  expect(limitOf('frontend write', { connections: { write: 90 }, routers: 2 })).toEqual(['    maxconn 45']);
});
