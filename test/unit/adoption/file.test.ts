import { adoptionFile } from '../../../schemas/adoption-file';
import { commandsOf, filledIn } from '../../../schemas/commands';
import { file } from './builders';

const problems = (value: unknown): string[] => {
  const parsed = adoptionFile.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('everything wrong with a file is told together', () => {
  const found = problems({
    name: 'shop',
    members: [{ address: 'db-1.internal' }, { address: '10.0.0.1' }],
    administrator: { user: 'root', passwordFile: 'password' },
    commands: { fence: ['/usr/sbin/fence'], start: ['start', '--password=secret'], members: { 'shop-9': {} } },
    candidates: { never: ['shop-7'] },
  });
  for (const path of ['members.0.address', 'administrator.passwordFile', 'commands.fence', 'commands.start.1'])
    expect(found.some((problem) => problem.startsWith(`${path}:`))).toBe(true);
});

test('fields are compared with each other', () => {
  const members = [{ address: '10.0.0.1' }, { address: '10.0.0.1' }];
  expect(problems({ ...file(), members, commands: { members: { 'shop-9': {} } }, candidates: { never: ['shop-7'] } })).toEqual([
    'members.1.address: 10.0.0.1:3306 is given twice',
    expect.stringContaining('members: semi-sync needs a primary and two replicas'),
    'candidates.never.0: shop-7 is none of shop-1, shop-2',
    'commands.members.shop-9: is none of shop-1, shop-2',
  ]);
});

test.each([['--password=x'], ['--token'], ['-passwd x'], ['--secret']])('a command may not hold a secret: %s', (word) => {
  expect(problems({ ...file(), commands: { fence: ['fence', word] } })).toEqual([expect.stringContaining('holds a secret')]);
});

test('a member has its own commands before those of the cluster', () => {
  const { commands } = file({
    commands: { fence: ['fence'], start: ['start'], members: { 'shop-2': { fence: ['other'], timeoutSeconds: 3 } } },
  });
  expect(commandsOf({ commands }, 'shop-1')).toEqual({ fence: ['fence'], start: ['start'], timeoutSeconds: 15 });
  expect(commandsOf({ commands }, 'shop-2')).toEqual({ fence: ['other'], start: ['start'], timeoutSeconds: 3 });
  expect(commandsOf({}, 'shop-1')).toBeUndefined();
});

test('words are filled in, and only with what is known', () => {
  const member = { name: 'shop-1', address: '10.0.0.1', port: 3307, host: 'rack-1' };
  expect(filledIn(['fence', '{member}@{host}', '--at={address}:{port}', '{action}', '{else}', '$(id)'], member, 'off')).toEqual([
    'fence',
    'shop-1@rack-1',
    '--at=10.0.0.1:3307',
    'off',
    '{else}',
    '$(id)',
  ]);
});
