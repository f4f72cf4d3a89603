import fc from 'fast-check';

import { overlay } from '../../../activities/docker/describe';
import { belongsTo, clusterOf, labelsOf, objectName, ownedBy, specOf } from '../../../activities/docker/labels';
import { planCluster } from '../../../activities/docker/plan';
import { choosePorts, isPortConflict, portsOn } from '../../../activities/docker/ports';
import { freeSubnets, memberAddress, routerAddress } from '../../../activities/docker/subnets';
import { nextVolume } from '../../../activities/docker/volume';
import { clusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import { labels } from '../../../schemas/names';

const definition = (file: Partial<ClusterFile> = {}) =>
  clusterDefinition.parse({ name: 'shop', engine: 'mysql', version: '8.0', replicas: 2, ...file });
const local = { name: 'local' };
const counter = (from: number) => () => from++;

describe('the plan of a cluster', () => {
  test('on the one local engine: everything at its container, clients on 127.0.0.1', () => {
    const plan = planCluster(definition({ routers: 2, ports: { write: 3306 } }), [local], '10.213.0.64/27', 'i', counter(20000));
    expect(
      plan.members.map(({ name, serverId, address, port, container, volume }) => [name, serverId, address, port, container, volume]),
    ).toEqual([
      ['shop-1', 1, '10.213.0.74', 3306, 'drydock.i.shop.shop-1', 'drydock.i.shop.shop-1.1'],
      ['shop-2', 2, '10.213.0.75', 3306, 'drydock.i.shop.shop-2', 'drydock.i.shop.shop-2.1'],
      ['shop-3', 3, '10.213.0.76', 3306, 'drydock.i.shop.shop-3', 'drydock.i.shop.shop-3.1'],
    ]);
    expect(plan.routers).toMatchObject([
      {
        name: 'shop-router-1',
        address: '10.213.0.66',
        adminPort: 3308,
        write: { host: '127.0.0.1', port: 3306 },
        read: { host: '127.0.0.1', port: 20000 },
      },
      {
        name: 'shop-router-2',
        address: '10.213.0.67',
        adminPort: 3308,
        write: { host: '127.0.0.1', port: 20001 },
        read: { host: '127.0.0.1', port: 20002 },
      },
    ]);
  });

  test('over hosts with addresses: members in turn, every port published at its host', () => {
    const hosts = [
      { name: 'east', address: '192.0.2.1' },
      { name: 'west', address: '192.0.2.2' },
    ];
    const plan = planCluster(definition({ hosts: ['east', 'west'] }), hosts, '10.213.0.0/27', 'i', counter(20000));
    expect(plan.members.map(({ host, address }) => [host, address])).toEqual([
      ['east', '192.0.2.1'],
      ['west', '192.0.2.2'],
      ['east', '192.0.2.1'],
    ]);
    expect(portsOn(plan, '192.0.2.1')).toHaveLength(2 + 3);
    expect(new Set(portsOn(plan, '192.0.2.1')).size).toBe(5);
    expect(portsOn(plan, '192.0.2.2')).toHaveLength(1);
  });

  test('the largest cluster fits into its subnet, and no two addresses are the same', () => {
    const plan = planCluster(definition({ replicas: 15, routers: 8 }), [local], '10.213.7.224/27', 'i', counter(20000));
    const addresses = [...plan.members, ...plan.routers].map(({ address }) => address);
    expect(new Set(addresses).size).toBe(24);
    for (const address of addresses) expect(Number(address.split('.')[3])).toBeLessThan(255);
  });
});

describe('subnets', () => {
  test('the first that overlaps nothing', () => {
    expect(freeSubnets([])[0]).toBe('10.213.0.0/27');
    expect(freeSubnets([])).toHaveLength(2048);
    expect(freeSubnets(['10.213.0.0/27', '10.213.0.40/30', '172.17.0.0/16', 'fd00::/64', ''])[0]).toBe('10.213.0.64/27');
    expect(freeSubnets(['10.213.0.0/24'])[0]).toBe('10.213.1.0/27');
    expect(freeSubnets(['10.0.0.0/8'])).toEqual([]);
    expect([routerAddress('10.213.1.32/27', 0), memberAddress('10.213.1.32/27', 0)]).toEqual(['10.213.1.34', '10.213.1.42']);
  });
});

describe('ports', () => {
  test('are in the range, different, and none that is taken', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 30 }), fc.array(fc.integer({ min: 20000, max: 29999 })), (name, wanted, taken) => {
        const ports = choosePorts(name, wanted, new Set(taken));
        expect(new Set(ports).size).toBe(wanted);
        for (const port of ports) {
          expect(port).toBeGreaterThanOrEqual(20000);
          expect(port).toBeLessThan(30000);
          expect(taken).not.toContain(port);
        }
      }),
    );
  });

  test('none left is said', () => {
    const all = new Set(Array.from({ length: 10_000 }, (_, index) => 20_000 + index));
    expect(() => choosePorts('x', 1, all)).toThrow(/no 1 free ports/);
  });

  test.each([
    ['driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:29462 failed: port is already allocated', true],
    ['listen tcp4 127.0.0.1:3306: bind: address already in use', true],
    ['no such image: x', false],
  ])('%s: %s', (message, conflict) => expect(isPortConflict(message)).toBe(conflict));
});

describe('names and labels', () => {
  test('two clusters or installations never share a name, whatever they are called', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
    fc.assert(
      fc.property(fc.tuple(name, name, name), fc.tuple(name, name, name), (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(objectName(a[0], a[1], a[2])).not.toBe(objectName(b[0], b[1], b[2]));
      }),
    );
  });

  test('what is written is read back, and only by its owner and as its kind', () => {
    const made = labelsOf('i', 'op', 'shop', 'volume', 'shop-1', { member: 'shop-1', replaces: 'old' });
    expect(specOf('volume', made)).toEqual({ member: 'shop-1', replaces: 'old' });
    expect(specOf('member', made)).toBeUndefined();
    expect(specOf('volume', undefined)).toBeUndefined();
    expect([belongsTo(made, 'i', 'shop'), belongsTo(made, 'other', 'shop'), belongsTo(made, 'i', 'shop-1')]).toEqual([true, false, false]);
    expect(clusterOf(made)).toBe('shop');
    for (const label of ownedBy('i', 'shop', 'volume').label) {
      const [key = '', value] = label.split('=');
      expect(made[key]).toBe(value);
    }
    expect(made[labels.operation]).toBe('op');
  });

  test.each([
    ['drydock.i.shop.shop-1.1', 'drydock.i.shop.shop-1.2'],
    ['drydock.i.shop.shop-1.9', 'drydock.i.shop.shop-1.10'],
    ['somebody-elses', 'somebody-elses.2'],
  ])('%s is followed by %s', (volume, next) => expect(nextVolume(volume)).toBe(next));
});

test('what was found takes the place of what was planned; what is missing stays', () => {
  const item = (name: string, at: string) => ({ name, at });
  expect(overlay([item('m-1', 'plan'), item('m-2', 'plan')], [item('m-2', 'found'), item('m-10', 'found')])).toEqual([
    item('m-1', 'plan'),
    item('m-2', 'found'),
    item('m-10', 'found'),
  ]);
});
