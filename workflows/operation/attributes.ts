import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';

import { searchAttributes } from '../../schemas/names';

const keys = {
  operation: defineSearchAttributeKey(searchAttributes.operation, 'KEYWORD'),
  target: defineSearchAttributeKey(searchAttributes.target, 'KEYWORD'),
  phase: defineSearchAttributeKey(searchAttributes.phase, 'KEYWORD'),
};

/** Writes the search attributes that differ from those that the execution has; each write is an event of the history. */
export function publish(values: Partial<Record<keyof typeof keys, string>>): void {
  const known = workflowInfo().typedSearchAttributes;
  const pairs = Object.entries(values).flatMap(([name, value]) => {
    const key = keys[name as keyof typeof keys];
    return known.get(key) === value ? [] : [{ key, value }];
  });
  if (pairs.length > 0) upsertSearchAttributes(pairs);
}
