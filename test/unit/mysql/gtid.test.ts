import { withoutServer } from '../../../schemas/gtid';

const [a, b] = ['aaaaaaaa-0000-0000-0000-000000000001', 'bbbbbbbb-0000-0000-0000-000000000002'];

test.each([
  ['of MySQL, by uuid', `${a}:1-5,${b}:7`, { uuid: b.toUpperCase(), serverId: 2 }, `${a}:1-5`],
  ['all of it', `${b}:7`, { uuid: b, serverId: 2 }, ''],
  ['without a uuid nothing is left out', `${a}:1-5`, { serverId: 1 }, `${a}:1-5`],
  ['of MariaDB, by server id', '0-1-100,0-2-101', { serverId: 2 }, '0-1-100'],
])('what other servers wrote: %s', (_, set, server, left) => expect(withoutServer(set, server)).toBe(left));
