import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Context } from '@temporalio/activity';
import type { WorkflowInfo } from '@temporalio/workflow';

import { Timeline } from '../../../activities/switch/timeline';
import type { EndedOperation } from '../../../schemas/trace';
import { tracingWanted } from '../../../workers/tracing';
import { activitySpans } from '../../../workers/tracing/activities';
import { RunIds, traceIdOf } from '../../../workers/tracing/identity';
import { operationSpans, partsOf } from '../../../workers/tracing/operation';
import { OperationState } from '../../../workflows/operation/state';

const runId = '0193e5a1-7a2b-7c3d-8e4f-5a6b7c8d9e0f';
const exporter = new InMemorySpanExporter();
const ids = new RunIds();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ idGenerator: ids, spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
afterEach(() => exporter.reset());

const at = (ms: number): string => new Date(Date.UTC(2026, 10, 26) + ms).toISOString();

function ended(): EndedOperation {
  let now = 50;
  const state = new OperationState({ operation: 'pivot/db/2', type: 'pivot', steps: ['decide', 'switch', 'never begun'] }, () => at(now));
  const step = state.step('decide');
  state.begin(step);
  now = 60;
  state.end(step, 'done', 'db-1 → db-2');
  state.close('done');
  return { progress: state.progress, begunAt: at(45), led: [{ name: 'make sure of the loss', from: at(0), to: at(20) }] };
}

test('the parts of an operation begin with what led to it, and leave out what was not begun', () => {
  const base = Date.parse(at(0));
  expect(partsOf(ended(), base + 30).map(({ name, from, to }) => [name, from - base, to - base])).toEqual([
    ['make sure of the loss', 0, 20],
    ['first workflow task', 30, 45],
    ['step: decide', 50, 60],
  ]);
});

test('a part of two clocks that differ does not end before it began', () => {
  const [part] = partsOf({ ...ended(), led: [{ name: 'report', from: at(30), to: at(20) }] }, Date.parse(at(30)));
  expect(part).toMatchObject({ from: Date.parse(at(30)), to: Date.parse(at(30)) });
});

const activity = (workflowType: string): Context =>
  ({
    info: {
      workflowExecution: { workflowId: 'pivot/db/2', runId },
      workflowType,
      activityType: 'switchPrimary',
      attempt: 1,
      taskQueue: 'drydock-switch',
      currentAttemptScheduledTimestampMs: Date.now() - 5,
    },
  }) as unknown as Context;

const run = (workflowType: string, work: () => Promise<unknown>): Promise<unknown> | undefined =>
  activitySpans(activity(workflowType)).inbound?.execute?.({ args: [], headers: {} }, work);

test('activity, way to it and sub-steps of the switch are one trace, whose id is the run id', async () => {
  const timeline = new Timeline();
  await run('pivot', () => Promise.all([timeline.step('hold', () => Promise.resolve()), timeline.step('fence', () => Promise.resolve())]));
  await operationSpans(ids).trace.ended.fn({ runId, startTime: new Date(at(30)) } as WorkflowInfo, ended());
  const spans = new Map(exporter.getFinishedSpans().map((span): [string, ReadableSpan] => [span.name, span]));
  expect(new Set([...spans.values()].map((span) => span.spanContext().traceId))).toEqual(new Set([traceIdOf(runId)]));
  const root = spans.get('pivot')?.spanContext().spanId;
  expect(spans.get('pivot')?.parentSpanContext).toBeUndefined();
  for (const name of ['make sure of the loss', 'first workflow task', 'step: decide', 'dispatch switchPrimary', 'switchPrimary'])
    expect([name, spans.get(name)?.parentSpanContext?.spanId]).toEqual([name, root]);
  for (const name of ['hold', 'fence'])
    expect([name, spans.get(name)?.parentSpanContext?.spanId]).toEqual([name, spans.get('switchPrimary')?.spanContext().spanId]);
});

test('what fails is marked, and thrown on', async () => {
  await expect(run('pivot', () => Promise.reject(new Error('NotFenced')))).rejects.toThrow('NotFenced');
  expect(exporter.getFinishedSpans().find(({ name }) => name === 'switchPrimary')?.status).toMatchObject({ message: 'NotFenced' });
});

test('a guard, which never ends, leaves none', () => {
  expect(activitySpans(activity('guardCluster'))).toEqual({});
});

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' }, false],
])('%j: traces are sent: %s', (env, wanted) => {
  expect(tracingWanted(env)).toBe(wanted);
});
