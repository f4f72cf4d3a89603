import { type Attributes, type Span, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import type { InjectedSinks } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';

import type { EndedOperation } from '../../schemas/trace';
import type { TraceSinks } from '../../workflows/operation/trace';
import { contextOf, type RunIds } from './identity';

/** A part of an operation that the workflow itself knows of. */
export interface Part {
  name: string;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  detail?: string;
  failed?: boolean;
}

/** What led to the operation, the way to its first workflow task, and its steps. Pure. */
export function partsOf({ progress, begunAt, led }: EndedOperation, startedAt: number): Part[] {
  const parts: Part[] = led.map(({ name, from, to }) => ({ name, from: Date.parse(from), to: Date.parse(to) }));
  parts.push({ name: 'first workflow task', from: startedAt, to: Date.parse(begunAt) });
  for (const { name, startedAt: from, endedAt: to, detail, state } of progress.steps)
    if (from !== undefined && to !== undefined)
      parts.push({ name: `step: ${name}`, from: Date.parse(from), to: Date.parse(to), detail, failed: state === 'failed' });
  // The server's clock and a worker's may differ: a part never ends before it began.
  return parts.filter(({ from, to }) => !Number.isNaN(from + to)).map((part) => ({ ...part, to: Math.max(part.from, part.to) }));
}

/** The operation as one span from the first sign to its end, with its parts below it. */
export function operationSpans(ids: RunIds): InjectedSinks<TraceSinks> {
  const ended = (info: WorkflowInfo, operation: EndedOperation): void => {
    const tracer = trace.getTracer('drydock');
    const { progress } = operation;
    const parts = partsOf(operation, info.startTime.getTime());
    const now = Date.now();
    const attributes = {
      'drydock.operation': progress.operation,
      'drydock.target': progress.target,
      'drydock.end': progress.state,
      'drydock.run': info.runId,
    };
    const from = Math.min(...parts.map((part) => part.from));
    const root = ids.asRoot(info.runId, () => tracer.startSpan(progress.type, { startTime: from, attributes, root: true }));
    for (const part of parts) spanOf(tracer, part, contextOf(info.runId));
    if (progress.state === 'failed') root.setStatus({ code: SpanStatusCode.ERROR });
    root.end(now);
  };
  return { trace: { ended: { fn: ended, callDuringReplay: false } } };
}

function spanOf(tracer: Tracer, { name, from, to, detail, failed }: Part, parent: ReturnType<typeof contextOf>): void {
  const attributes: Attributes = detail === undefined ? {} : { 'drydock.detail': detail };
  const span: Span = tracer.startSpan(name, { startTime: from, attributes }, parent);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(to);
}
