import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Worker } from '@temporalio/worker';

import { ensureWorkflowBundle } from '../../../platform/bundle';
import { workflowTypes } from '../../../schemas/names';
import { payloadConverterPath } from '../../../workers/data-converter';
import { readHistory, type RecordedHistory } from '../../support/history-file';
import { installQuietRuntime } from '../../support/quiet-runtime';

jest.setTimeout(120_000);

/** Recorded by scripts/record-histories.ts; those of a released version are never recorded anew. */
const folder = join(__dirname, '..', '..', 'histories');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json.gz'));

let codePath: string;
beforeAll(async () => {
  installQuietRuntime();
  codePath = await ensureWorkflowBundle();
});

/** By the id that it had: a plan that is written down names its operation. */
const idOf = ({ events }: RecordedHistory, file: string): string =>
  events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId || file;

async function replay(histories: { workflowId: string; history: RecordedHistory }[]): Promise<[string, string | undefined][]> {
  const results: [string, string | undefined][] = [];
  const options = { workflowBundle: { codePath }, dataConverter: { payloadConverterPath } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) results.push([workflowId, error?.message]);
  return results;
}

test('every recorded ending of every version is replayed by the present code', async () => {
  const histories = files.map((file) => ({ file, history: readHistory(join(folder, file)) }));
  const results = await replay(histories.map(({ file, history }) => ({ workflowId: idOf(history, file), history })));
  expect(results).toHaveLength(files.length);
  expect(results.filter(([, error]) => error !== undefined)).toEqual([]);
});

test('every workflow type has recordings', () => {
  const recorded = new Set(files.map((file) => file.split(/[/\\]/).at(-1)?.split('.')[0]));
  expect([...workflowTypes].filter((type) => !recorded.has(type))).toEqual([]);
});

test('a replay notices that the order of activities has changed', async () => {
  const history = readHistory(join(folder, files.find((file) => file.endsWith('pivot.done.json.gz')) ?? ''));
  const changed = history.events?.map((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    return scheduled?.activityType?.name === 'switchPrimary'
      ? { ...event, activityTaskScheduledEventAttributes: { ...scheduled, activityType: { name: 'followPrimary' } } }
      : event;
  });
  const results = await replay([{ workflowId: 'changed', history: { events: changed } }]);
  expect(results[0]?.[1]).toMatch(/switchPrimary|[Nn]ondeterminism/);
});
