import { randomBytes } from 'node:crypto';

import { isGrpcServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';

import { clusterTarget, guardId, queues, searchAttributes, type WorkflowType } from '../schemas/names';
import type { ClientContext } from './context';
import type { StartOptions } from './contract';
import { DrydockError } from './errors';

/** Name of the cluster that an input is about; undefined when it names none. The worker validates, this only labels. */
export function clusterIn(input: unknown): string | undefined {
  const cluster = (input as { cluster?: unknown } | null | undefined)?.cluster;
  const name = typeof cluster === 'object' && cluster !== null ? (cluster as { name?: unknown }).name : cluster;
  return typeof name === 'string' && /^[a-z][a-z0-9-]{0,30}$/.test(name) ? name : undefined;
}

/** `pivot/shop/20261124-101530-3f9a`: sorts by time, and says what it is wherever it is shown. */
export function newId(type: WorkflowType, input: unknown, now = new Date()): string {
  const cluster = clusterIn(input) ?? 'unknown';
  if (type === 'guardCluster') return guardId(cluster);
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${type}/${cluster}/${time}-${randomBytes(2).toString('hex')}`;
}

/** Starts a workflow with what makes it readable: summary, details, search attributes. */
export async function startOperation(
  { client }: ClientContext,
  type: WorkflowType,
  input: unknown,
  { id = newId(type, input) }: StartOptions = {},
): Promise<string> {
  const cluster = clusterIn(input);
  const target = cluster ? clusterTarget(cluster) : undefined;
  const options = {
    taskQueue: queues.plans,
    workflowId: id,
    args: [input],
    staticSummary: summary(type, input, target),
    staticDetails: `Steer it with \`npx drydock op <pause|resume|approve|abort|rollback> '${id}'\`; see docs/controls.md.`,
  };
  const attributes = new TypedSearchAttributes([
    { key: defineSearchAttributeKey(searchAttributes.operation, 'KEYWORD'), value: type },
    ...(target ? [{ key: defineSearchAttributeKey(searchAttributes.target, 'KEYWORD'), value: target }] : []),
  ]);
  try {
    await client.workflow.start(type, { ...options, typedSearchAttributes: attributes });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      throw new DrydockError('AlreadyExists', `${id} runs already`, [], undefined, { cause: error });
    // No worker has registered the search attributes yet; the operation writes them itself when one runs it.
    if (!isMissingAttribute(error)) throw error;
    await client.workflow.start(type, options);
  }
  return id;
}

function summary(type: WorkflowType, input: unknown, target: string | undefined): string {
  const { to, reason, dryRun } = (input ?? {}) as { to?: unknown; reason?: unknown; dryRun?: unknown };
  const parts = [
    dryRun === true ? 'dry run:' : '',
    type,
    target ? `of ${target}` : '',
    typeof to === 'string' ? `to ${to}` : '',
    typeof reason === 'string' ? `(${reason})` : '',
  ];
  return parts.filter(Boolean).join(' ').slice(0, 200);
}

function isMissingAttribute(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    if (isGrpcServiceError(current) && /search attribute/i.test(current.details)) return true;
  return false;
}
