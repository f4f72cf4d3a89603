import { workflowInfo } from '@temporalio/workflow';

import { workflowTypes } from '../schemas/names';
import { failure } from './operation';

/** Runs for every type that is not exported by workflows/index.ts, so that a misspelt one fails at once instead of waiting for ever. */
export default function unknownWorkflowType(): Promise<never> {
  const { workflowType } = workflowInfo();
  return Promise.reject(failure('UnknownWorkflowType', `there is no workflow type ${workflowType}; known are ${workflowTypes.join(', ')}`));
}
