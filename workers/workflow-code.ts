import { join } from 'node:path';

/** Where Workers get the workflow code from: a bundle made beforehand (fast), or the sources, which the SDK bundles (some seconds). */
export type WorkflowCode = { workflowBundle: { codePath: string } } | { workflowsPath: string };

export function workflowCode(bundle: string | undefined): Promise<WorkflowCode> {
  return Promise.resolve(
    bundle ? { workflowBundle: { codePath: bundle } } : { workflowsPath: join(__dirname, '..', 'workflows', 'index.ts') },
  );
}
