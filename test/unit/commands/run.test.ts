import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Docker from 'dockerode';
import { pino } from 'pino';

import { commandState, proveStopped } from '../../../activities/commands/member';
import { runCommand } from '../../../activities/commands/run';
import { rememberSecret } from '../../../activities/redact';
import type { Member, MemberCommands } from '../../../schemas/topology';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'drydock-commands-'));
  mkdirSync(join(home, 'commands'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function program(name: string, script: string): string {
  const path = join(home, 'commands', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return name;
}

const member = (commands: Partial<MemberCommands> = {}): Member => ({
  name: 'shop-1',
  serverId: 1,
  host: 'rack-1',
  address: '10.0.0.1',
  port: 3307,
  container: '',
  volume: '',
  adopted: true,
  commands: { timeoutSeconds: 5, ...commands },
});

const bounded = { boundMs: 5000 };
/** A process that nobody has waited for yet is dead all the same. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('a command is told its task by its environment and its words, and nothing of the worker', async () => {
  process.env['TEMPORAL_API_KEY'] = 'of the worker';
  program('tell', 'env | sort; echo "words: $*"');
  const { exitCode, said } = await runCommand({ home }, member(), 'off', ['tell', '{member}', '$(id) ; x'], bounded);
  delete process.env['TEMPORAL_API_KEY'];
  expect(exitCode).toBe(0);
  for (const line of [
    'DRYDOCK_ACTION=off',
    'DRYDOCK_MEMBER=shop-1',
    'DRYDOCK_ADDRESS=10.0.0.1',
    'DRYDOCK_PORT=3307',
    'DRYDOCK_HOST=rack-1',
  ])
    expect(said).toContain(line);
  expect(said).toContain('words: shop-1 $(id) ; x');
  expect(said).not.toContain('TEMPORAL_API_KEY');
});

test('what a command says is bounded and redacted', async () => {
  rememberSecret('correct-horse-battery');
  program('talks', 'head -c 100000 /dev/zero | tr "\\0" x; echo; echo "the key is correct-horse-battery"; exit 3');
  const { exitCode, said } = await runCommand({ home }, member(), 'off', ['talks'], bounded);
  expect(exitCode).toBe(3);
  expect(said.length).toBeLessThan(5000);
  expect(said).toMatch(/the key is \*\*\*$/);
});

test('at its bound a command is ended with its children', async () => {
  const pids = join(home, 'pids');
  program('hangs', `trap "" TERM\nsleep 60 & echo $! > ${pids}\necho $$ >> ${pids}\nwait; sleep 60`);
  const { exitCode, said } = await runCommand({ home }, member(), 'off', ['hangs'], { boundMs: 500 });
  expect(exitCode).toBeUndefined();
  expect(said).toContain('did not end within 0.5 s');
  await sleep(100);
  for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) expect(isAlive(Number(pid))).toBe(false);
});

test('a command that is no longer wanted is ended, and one that was not wanted before is not started', async () => {
  program('waits', `touch ${join(home, 'started')}; exec sleep 60`);
  const stop = new AbortController();
  const running = runCommand({ home }, member(), 'off', ['waits'], { ...bounded, signal: stop.signal });
  setTimeout(() => stop.abort(), 200);
  expect(await running).toMatchObject({ exitCode: undefined, said: 'it is no longer wanted' });
  rmSync(join(home, 'started'), { force: true });
  expect((await runCommand({ home }, member(), 'off', ['waits'], { ...bounded, signal: stop.signal })).exitCode).toBeUndefined();
  expect(existsSync(join(home, 'started'))).toBe(false);
});

test('a start command may leave its server running', async () => {
  const pid = join(home, 'pid');
  program('start', `sleep 60 & echo $! > ${pid}`);
  expect((await runCommand({ home }, member(), 'on', ['start'], bounded)).exitCode).toBe(0);
  const left = Number(readFileSync(pid, 'utf8'));
  expect(isAlive(left)).toBe(true);
  process.kill(left, 'SIGKILL');
});

test.each([['missing'], ['../outside'], ['/bin/true'], ['']])('only programs of the folder are run: %j', async (name) => {
  writeFileSync(join(home, 'outside'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  expect((await runCommand({ home }, member(), 'off', [name], bounded)).exitCode).toBeUndefined();
});

describe('proof that a server is stopped', () => {
  const env = (engine = new Docker({ socketPath: '/nowhere' })) => ({
    home,
    hosts: new Map([['local', { name: 'local', engine }]]),
    log: pino({ level: 'silent' }),
  });
  const container = (commands: Partial<MemberCommands>): Member => ({
    ...member(commands),
    adopted: undefined,
    host: 'local',
    container: 'x',
  });

  test('of a member that is no container the fence command alone gives it', async () => {
    program('fence', 'exit 0');
    program('fails', 'exit 1');
    expect(await proveStopped(env(), member({ fence: ['fence'] }))).toBe('fence-command');
    expect(await proveStopped(env(), member({ fence: ['fails'] }))).toBeUndefined();
    expect(await proveStopped(env(), member({ fence: ['missing'] }))).toBeUndefined();
    expect(await proveStopped(env(), member())).toBeUndefined();
  });

  test('of a container it is asked for when the engine does not answer', async () => {
    program('fence', 'exit 0');
    expect(await proveStopped(env(), container({ fence: ['fence'] }))).toBe('fence-command');
    expect(await proveStopped(env(), container({}))).toBeUndefined();
  });
});

test.each([
  [0, 'running'],
  [2, 'stopped'],
  [1, 'unknown'],
])('status exit code %i means %s', async (code, state) => {
  program('status', `exit ${code}`);
  const env = { home, hosts: new Map(), log: pino({ level: 'silent' }) };
  expect(await commandState(env, member({ status: ['status'] }))).toBe(state);
});
