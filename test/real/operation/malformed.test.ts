import { TestPlain } from '../../support/plain';

let plain: TestPlain;
beforeAll(async () => {
  plain = await TestPlain.start();
});
afterAll(() => plain?.stop());

const file = { name: 'shop', engine: 'mysql', version: '8.0' };

/** Type, what is given as `--input` (nothing when undefined), and the path of every problem. */
const inputs: [type: string, input: string | undefined, paths: string[]][] = [
  ['pivot', undefined, ['']],
  ['pivot', 'null', ['']],
  ['pivot', '"shop"', ['']],
  ['pivot', '42', ['']],
  ['pivot', '[]', ['']],
  ['pivot', '{}', ['cluster']],
  ['pivot', '{"cluster": "Shop"}', ['cluster']],
  ['pivot', '{"cluster": null, "to": 3}', ['cluster', 'to']],
  ['pivot', '{"cluster": "shop", "unplanned": "yes", "dryRun": 1}', ['dryRun', 'unplanned']],
  ['pivot', '{"cluster": "shop", "colour": "red", "size": 7}', ['colour', 'size']],
  ['pivot', '{"cluster": "shop", "expect": {"epoch": 1.5, "leader": "db-1"}}', ['expect.epoch', 'expect.leader']],
  ['pivot', '{"cluster": "shop", "transactionBoundMs": 60000}', ['transactionBoundMs']],
  [
    'pivot',
    '{"cluster": "shop", "approval": {"gates": ["whenever"], "timeoutSeconds": 0, "onTimeout": "proceed"}}',
    ['approval.gates.0', 'approval.onTimeout', 'approval.timeoutSeconds'],
  ],
  ['pivot', JSON.stringify({ cluster: 'shop', reason: 'x'.repeat(201) }), ['reason']],
  ['createCluster', undefined, ['']],
  ['createCluster', '{"cluster": "shop"}', ['cluster']],
  ['createCluster', JSON.stringify({ cluster: { ...file, replicas: 99 } }), ['cluster.replicas']],
  [
    'createCluster',
    JSON.stringify({ cluster: { ...file, replicas: 1, version: 'latest' } }),
    ['cluster.replicas', 'cluster.version', 'cluster.version'],
  ],
  [
    'createCluster',
    JSON.stringify({ cluster: { ...file, password: 'in-the-wrong-field', ports: { write: 80 }, routers: 0 } }),
    ['cluster.password', 'cluster.ports.write', 'cluster.routers'],
  ],
  ['createCluster', JSON.stringify({ cluster: { ...file, engine: 'postgres' } }), ['cluster.engine']],
  [
    'createCluster',
    JSON.stringify({
      cluster: { ...file, replicas: 1, version: '7.0', colour: 'red', candidates: { prefer: ['shop-1'], never: ['shop-1'] } },
    }),
    ['cluster.candidates.prefer.0', 'cluster.colour', 'cluster.replicas', 'cluster.version'],
  ],
  ['deleteCluster', '{"cluster": "shop", "force": true}', ['force']],
  ['guardCluster', '{"cluster": "shop", "maxPivots": -1}', ['maxPivots']],
];

test.each(inputs)('%s with %s fails at once with every problem', async (type, input, paths) => {
  const id = `malformed/${type}/${inputs.findIndex((row) => row[0] === type && row[1] === input)}`;
  const begun = Date.now();
  await plain.start(type, id, input);
  const error = await plain.drydock.result(id).then(
    () => undefined,
    (failed: unknown) => failed as { code: string; message: string; problems: { path: string }[] },
  );
  expect(error?.code).toBe('InvalidInput');
  expect(error?.problems.map(({ path }) => path).sort()).toEqual(paths);
  expect(error?.message).not.toContain('in-the-wrong-field');
  expect(Date.now() - begun).toBeLessThan(10_000);
});

test('a misspelt type names those that there are', async () => {
  await plain.start('pivott', 'misspelt', '{}');
  await expect(plain.drydock.result('misspelt')).rejects.toMatchObject({ code: 'UnknownWorkflowType' });
});

test('bytes that are not JSON are refused, not retried for ever', async () => {
  await plain.cli('workflow', 'start', '--type', 'pivot', '--task-queue', 'drydock', '--workflow-id', 'bytes', ...bytes);
  await expect(plain.drydock.result('bytes')).rejects.toMatchObject({ code: 'InvalidInput' });
});

const bytes = ['--input', 'not json', '--input-meta', 'encoding=binary/strange'];
