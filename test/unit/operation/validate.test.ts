import { validateInput } from '../../../activities/operation/validate';
import type { FailureDetails } from '../../../schemas/operation';

function problemsOf(type: string, input: unknown): string[] {
  try {
    validateInput(type, input);
  } catch (error) {
    const details = (error as { details: FailureDetails[] }).details[0];
    expect(details?.code).toBe('InvalidInput');
    return (details?.problems ?? []).map(({ path }) => path).sort();
  }
  throw new Error(`${JSON.stringify(input)} was accepted`);
}

const cluster = { name: 'shop', engine: 'mysql', version: '8.0' };

test('defaults are filled in', () => {
  expect(validateInput('pivot', { cluster: 'shop' })).toMatchObject({ cluster: 'shop', unplanned: false, dryRun: false, proof: true });
  expect(validateInput('createCluster', { cluster })).toMatchObject({ cluster: { replicas: 2, durability: 'semi-sync' } });
});

test.each<[string, unknown, string[]]>([
  ['pivot', undefined, ['']],
  ['pivot', null, ['']],
  ['pivot', 'shop', ['']],
  ['pivot', [], ['']],
  ['pivot', {}, ['cluster']],
  ['pivot', { cluster: 'Shop!' }, ['cluster']],
  ['pivot', { cluster: 'shop', tpo: 'db-2', unplaned: true }, ['tpo', 'unplaned']],
  ['pivot', { cluster: 7, dryRun: 'yes', reason: 1 }, ['cluster', 'dryRun', 'reason']],
  ['pivot', { cluster: 'shop', expect: { epoch: 0, primry: 'x' } }, ['expect.epoch', 'expect.primry']],
  ['pivot', { cluster: 'shop', approval: { gates: [], timeoutSeconds: -1 } }, ['approval.gates', 'approval.timeoutSeconds']],
  ['pivot', { cluster: 'shop', approval: { gates: ['later'] } }, ['approval.gates.0']],
  ['createCluster', { cluster: { ...cluster, replicas: 1 } }, ['cluster.replicas']],
  ['createCluster', { cluster: { ...cluster, engine: 'oracle', ports: { write: 80 } } }, ['cluster.engine', 'cluster.ports.write']],
])('%s with %j is refused with every problem by its path', (type, input, paths) => {
  expect(problemsOf(type, input)).toEqual(paths);
});

test('values are not repeated: one may be a password in the wrong field', () => {
  let message = '';
  try {
    validateInput('pivot', { cluster: 'shop', password: 'hunter2-hunter2' });
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain('password: unknown field');
  expect(message).not.toContain('hunter2');
});
