/** `bundle-workflows.ts SOURCE CONVERTER TARGET`: the child process of ensureWorkflowBundle. */
import { rename, writeFile } from 'node:fs/promises';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

async function main([source, payloadConverterPath, target]: string[]): Promise<void> {
  if (!source || !payloadConverterPath || !target) throw new Error('needed are the source, the payload converter and the target');
  const { code } = await bundleWorkflowCode({ workflowsPath: source, payloadConverterPath, logger: new DefaultLogger('ERROR') });
  await writeFile(`${target}.${process.pid}`, code);
  await rename(`${target}.${process.pid}`, target);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
