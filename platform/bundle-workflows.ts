/** `bundle-workflows.ts SOURCE TARGET`: the child process of ensureWorkflowBundle. */
import { rename, writeFile } from 'node:fs/promises';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

import { payloadConverterPath } from '../workers/data-converter';

async function main([source, target]: string[]): Promise<void> {
  if (!source || !target) throw new Error('needed are the source and the target');
  const { code } = await bundleWorkflowCode({ workflowsPath: source, payloadConverterPath, logger: new DefaultLogger('ERROR') });
  await writeFile(`${target}.${process.pid}`, code);
  await rename(`${target}.${process.pid}`, target);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
