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

async function replay(histories: { workflowId: string; history: RecordedHistory }[]): Promise<Map<string, string | undefined>> {
  const results = new Map<string, string | undefined>();
  const options = { workflowBundle: { codePath }, dataConverter: { payloadConverterPath } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) results.set(workflowId, error?.message);
  return results;
}

test('every recorded ending of every version is replayed by the present code', async () => {
  const results = await replay(files.map((file) => ({ workflowId: file, history: readHistory(join(folder, file)) })));
  expect(results.size).toBe(files.length);
  expect([...results].filter(([, error]) => error !== undefined)).toEqual([]);
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
  expect(results.get('changed')).toMatch(/switchPrimary|[Nn]ondeterminism/);
});
