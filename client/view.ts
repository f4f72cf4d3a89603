import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';

import { searchAttributes } from '../schemas/names';
import type { OperationSummary, OperationView } from './contract';

const targetKey = defineSearchAttributeKey(searchAttributes.target, 'KEYWORD');
const phaseKey = defineSearchAttributeKey(searchAttributes.phase, 'KEYWORD');

const statuses = ['RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW'] as const;

/** An operation as the server's visibility knows it. */
export function summaryOf(info: Omit<WorkflowExecutionInfo, 'raw'>): OperationSummary {
  const status = statuses.find((name) => name === info.status.name) ?? 'UNKNOWN';
  return {
    id: info.workflowId,
    runId: info.runId,
    type: info.type,
    target: info.typedSearchAttributes.get(targetKey) ?? '',
    phase: info.typedSearchAttributes.get(phaseKey) ?? (status === 'RUNNING' ? 'starting' : status.toLowerCase()),
    status,
    startedAt: info.startTime.toISOString(),
    ...(info.closeTime ? { closedAt: info.closeTime.toISOString() } : {}),
  };
}

/** What the server knows of activities under way, without a worker. */
export function pendingOf({ raw }: WorkflowExecutionDescription): OperationView['pending'] {
  return (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure, lastHeartbeatTime, state }) => ({
    activity: activityType?.name ?? 'unknown',
    attempt: attempt ?? 1,
    ...(lastFailure?.message ? { lastFailure: lastFailure.message } : {}),
    ...(lastHeartbeatTime ? { lastHeartbeat: timeOf(lastHeartbeatTime) } : {}),
    state: states[Number(state ?? 0)] ?? 'unknown',
  }));
}

/** By number of PendingActivityState. */
const states = ['unknown', 'scheduled', 'started', 'cancel requested', 'paused', 'pause requested'];

export function timeOf({ seconds, nanos }: { seconds?: { toString(): string } | null; nanos?: number | null }): string {
  return new Date(Number(seconds?.toString() ?? 0) * 1000 + (nanos ?? 0) / 1e6).toISOString();
}

export function uiLink(base: string | undefined, namespace: string, id: string, runId: string): string | undefined {
  return base && `${base}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(id)}/${runId}/history`;
}
