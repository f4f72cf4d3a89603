import { join } from 'node:path';

/** Bundles of workflow code must be made with the same (`bundleWorkflowCode({ payloadConverterPath })`). */
export const payloadConverterPath = join(__dirname, '..', 'workflows', 'operation', 'payload-converter.ts');
