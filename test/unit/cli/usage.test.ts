import { exitCodes } from '../../../cli/exit-codes';
import { drydock } from './harness';

describe('usage', () => {
  test('every unknown option is named in one error, with the one that was meant', async () => {
    const { code, err, out } = await drydock(['pivot', 'orders', '--expct-epoch', '3', '--frobnicate']);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('InvalidInput  2 problems in the command line; nothing was touched');
    expect(err).toContain('--expct-epoch: there is no such option; did you mean --expect-epoch?');
    expect(err).toContain('--frobnicate: there is no such option');
    expect(err).toContain('npx drydock pivot --help');
  });

  test.each([
    [['pivot'], "missing required argument 'cluster'"],
    [['op', 'shw'], "unknown command 'shw' (Did you mean show?)"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['cluster', 'show', 'a', 'b'], 'too many arguments'],
    [['op', 'list', '--limit', 'many'], '--limit: expected a whole number from 1; found "many"'],
    [['cluster', 'create'], 'a cluster file, or --name, --engine and --version, are needed'],
    [['completion', 'bsh'], 'expected bash or zsh or fish; found "bsh"; did you mean bash?'],
  ])('%j is refused with exit code 2', async (argv, message) => {
    const { code, err } = await drydock(argv);
    expect(code).toBe(2);
    expect(err).toContain('InvalidInput');
    expect(err).toContain(message);
  });

  test('with --json an error is the one document on standard output', async () => {
    const { code, err, json } = await drydock(['pivot', 'Orders', '--expect-epoch', 'x', '--json']);
    expect(code).toBe(2);
    expect(err).toBe('');
    expect(json()).toMatchObject({
      error: {
        code: 'InvalidInput',
        exitCode: 2,
        problems: [{ path: 'CLUSTER' }, { path: '--expect-epoch', message: 'expected number; found "x"' }],
      },
    });
  });

  test('help names every command with examples and every exit code', async () => {
    const { code, out } = await drydock(['--help']);
    expect(code).toBe(0);
    for (const command of ['up', 'down', 'doctor', 'cluster', 'pivot', 'op', 'completion'])
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(out).toContain('Examples:');
    expect(out).not.toContain('__complete');
    for (const { code: number, meaning } of Object.values(exitCodes)) {
      expect(out).toContain(meaning);
      expect(out).toMatch(new RegExp(`^ +${number}  `, 'm'));
    }
  });

  test('--version prints the version', async () => {
    const { code, out } = await drydock(['--version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('a group alone shows its commands and is a usage error', async () => {
    const { code, err } = await drydock(['op']);
    expect(code).toBe(2);
    expect(err).toContain('rollback');
  });
});
