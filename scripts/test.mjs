/**
 * `npm test`: static checks first and fast, then unit tests, then tests against real servers. Everything that they need is set up on the way.
 * Options: --static, --unit, --real for one part; other arguments go to jest. DRYDOCK_TEST_ALL=1 adds the files *.all.test.ts.
 * The last line says `N passed, N failed`; a skipped test counts as failed.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { checkout, ensureModules, execute } from './modules.mjs';

const parts = ['--static', '--unit', '--real'];
const given = process.argv.slice(2);
const chosen = parts.filter((part) => given.includes(part));
const wants = (part) => chosen.length === 0 || chosen.includes(part);
const rest = given.filter((argument) => !parts.includes(argument));

const totals = { passed: 0, failed: 0 };
const broken = [];

async function step(name, program, args) {
  const start = performance.now();
  const code = await execute(program, args);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  if (code !== 0) broken.push(name);
  return code === 0;
}

const tool = (name) => join(checkout, 'node_modules', '.bin', name);

async function staticChecks() {
  await step('format (prettier)', tool('prettier'), ['--check', '--log-level', 'warn', '.']);
  await step('types (tsc)', tool('tsc'), ['--noEmit']);
  await step('imports (dependency-cruiser)', tool('depcruise'), ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', '.']);
  await step('lint (eslint)', tool('eslint'), ['--cache', '--cache-location', '.drydock/eslint/', '--max-warnings', '0', '.']);
  if (existsSync(join(checkout, 'scripts', 'generate-schemas.ts')))
    await step('generated schemas and docs', process.execPath, ['--import', 'tsx', 'scripts/generate-schemas.ts', '--check']);
}

async function tests(project, extra) {
  const report = join(checkout, '.drydock', `jest-${project}.json`);
  rmSync(report, { force: true });
  const args = ['--selectProjects', project, '--passWithNoTests', '--json', '--outputFile', report, ...extra, ...rest];
  await step(`${project} tests (jest)`, tool('jest'), args);
  if (!existsSync(report)) {
    totals.failed += 1;
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const skipped = result.numPendingTests + result.numTodoTests;
  const unrun = result.numRuntimeErrorTestSuites;
  if (skipped > 0) broken.push(`${skipped} skipped ${project} tests`);
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + skipped + unrun;
}

await ensureModules();
mkdirSync(join(checkout, '.drydock'), { recursive: true });
if (wants('--static')) await staticChecks();
// A broken type or import would only fail again in every test.
if (broken.length === 0 && wants('--unit')) await tests('unit', ['--maxWorkers', '2']);
if (broken.length === 0 && wants('--real')) await tests('real', ['--runInBand', '--forceExit']);
if (broken.length > 0) {
  console.error(`failed: ${broken.join(', ')}`);
  totals.failed = Math.max(totals.failed, 1);
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;
