import { spawnSync } from 'node:child_process';

import { drydock, operation } from './harness';

const complete = async (
  words: string[],
  views = [operation(), operation({ id: 'guard/orders', type: 'guardCluster' })],
): Promise<string[]> => (await drydock(['__complete', '--', ...words], views)).out.split('\n').slice(0, -1);

const values = async (words: string[]): Promise<string[]> => (await complete(words)).map((line) => line.split('\t')[0] ?? '');

describe('completion', () => {
  test.each([
    [['cl'], ['cluster']],
    [
      ['cluster', ''],
      ['create', 'adopt', 'show', 'list', 'update', 'member', 'delete', 'maintenance', 'errant'],
    ],
    [['cluster', 'show', 'o'], ['orders']],
    [['cluster', 'create', '--engine', 'my'], ['mysql']],
    [['cluster', 'create', ''], [':files']],
    [
      ['pivot', 'orders', '--to', ''],
      ['orders-2', 'orders-1', 'orders-3'],
    ],
    [['pivot', 'orders', '--dry'], ['--dry-run']],
    [['op', 'watch', 'pi'], ['pivot/orders/7']],
    [
      ['op', 'a'],
      ['approve', 'abort'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['pivot', 'orders', ''], []],
  ])('%j offers %j', async (words, expected) => {
    expect(await values(words)).toEqual(expected);
  });

  test('describes what it offers', async () => {
    expect(await complete(['op', 'wat'])).toEqual(['watch\tfollow an operation live until it ends']);
  });

  test('offers nothing, without an error, when Temporal does not answer', async () => {
    const { code, out, err } = await drydock(['__complete', '--', 'cluster', 'show', ''], [], {
      client: { list: () => Promise.reject(new Error('down')) },
    });
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' });
  });

  test('the bash script loads and offers what the command answers', async () => {
    const { out } = await drydock(['completion', 'bash']);
    const script = `${out}
drydock() { [[ "$*" == "__complete -- cluster sh" ]] && printf 'show\\tshow a cluster\\n'; }
COMP_WORDS=(drydock cluster sh) COMP_CWORD=2
_drydock; echo "\${COMPREPLY[@]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout).toBe('show\n');
  });
});
