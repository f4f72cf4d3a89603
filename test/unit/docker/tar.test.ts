import { spawnSync } from 'node:child_process';

import { tarOf } from '../../../activities/docker/tar';

test('the system’s own tar reads it: paths, modes, owners, contents', () => {
  const archive = tarOf([
    { path: '/run/drydock/root-password', content: 'geheim ü', mode: 0o400, owner: 999 },
    { path: '/etc/haproxy/empty', content: '', mode: 0o444 },
    { path: '/etc/haproxy/long', content: 'x'.repeat(1024), mode: 0o444 },
  ]);
  const list = spawnSync('tar', ['--numeric-owner', '-tvf', '-'], { input: archive, encoding: 'utf8' });
  expect(list.stderr).toBe('');
  const lines = list.stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map((cells) => [cells[0], cells[1], cells[2], cells.at(-1)].join(' '));
  expect(lines).toEqual([
    'drwxr-xr-x 0/0 0 run/',
    'drwxr-xr-x 0/0 0 run/drydock/',
    '-r-------- 999/999 9 run/drydock/root-password',
    'drwxr-xr-x 0/0 0 etc/',
    'drwxr-xr-x 0/0 0 etc/haproxy/',
    '-r--r--r-- 0/0 0 etc/haproxy/empty',
    '-r--r--r-- 0/0 1024 etc/haproxy/long',
  ]);
  const content = spawnSync('tar', ['-xOf', '-', 'run/drydock/root-password'], { input: archive, encoding: 'utf8' });
  expect(content.stdout).toBe('geheim ü');
});

test('a path that does not fit is refused', () => {
  expect(() => tarOf([{ path: `/${'x'.repeat(101)}`, content: '', mode: 0o444 }])).toThrow(/at most 100 bytes/);
});
