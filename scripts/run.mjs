/** `node scripts/run.mjs FILE.ts [ARGUMENT...]`: runs a TypeScript file of this checkout, after npm packages were installed if need be. */
import { join } from 'node:path';

import { checkout, ensureModules, execute } from './modules.mjs';

const [file, ...rest] = process.argv.slice(2);
await ensureModules();
process.exitCode = await execute(process.execPath, ['--import', 'tsx', join(checkout, file), ...rest]);
