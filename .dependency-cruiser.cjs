/** The import rules of docs/architecture.md: data flows from cli down to schemas, and no folder looks up. */
const folders = ['activities', 'bench', 'cli', 'client', 'demo', 'platform', 'schemas', 'scripts', 'test', 'workers', 'workflows'];

/** The schemas that use zod. */
const zodSchemas = '^schemas/(adoption-file|cluster|inputs|inventory|subscribers|upgrade-plan)\\.ts$';

/** `from` may import our own files only from `allowed` (and from itself). */
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment: `${from}/ may import ${allowed.length > 0 ? allowed.map((folder) => `${folder}/`).join(', ') : 'nothing of ours'}`,
  from: { path: `^${from}/` },
  to: { path: `^(${folders.filter((folder) => folder !== from && !allowed.includes(folder)).join('|')})/` },
});

module.exports = {
  forbidden: [
    only('schemas', []),
    only('client', ['schemas']),
    only('activities', ['schemas']),
    only('workflows', ['schemas', 'activities']),
    only('workers', ['workflows', 'activities', 'schemas', 'platform']),
    only('platform', ['schemas']),
    only('cli', ['client', 'schemas', 'platform']),
    {
      name: 'workflows-import-types-of-activities',
      severity: 'error',
      comment: 'workflow code may import the types in activities/contracts.ts and nothing else of activities/',
      from: { path: '^workflows/' },
      to: { path: '^activities/', pathNot: '^activities/contracts\\.ts$' },
    },
    {
      name: 'workflows-import-only-types-of-activities',
      severity: 'error',
      comment: 'use `import type`: the code of activities can not run in the workflow sandbox',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-are-deterministic',
      severity: 'error',
      comment: 'workflow code runs in a sandbox and is replayed: no Node modules, no packages but those of Temporal',
      from: { path: '^workflows/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: 'node_modules/@temporalio/(workflow|common|activity)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-keep-zod-out',
      severity: 'error',
      comment: 'zod adds a megabyte to the workflow bundle: import types, and validate in an activity',
      from: { path: '^workflows/' },
      to: { path: zodSchemas, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'plain-schemas-stay-plain',
      severity: 'error',
      comment: 'workflow code imports these: zod only in the files listed above, and nothing but types from them',
      from: { path: '^schemas/', pathNot: zodSchemas },
      to: { path: `${zodSchemas}|node_modules/zod/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'production-imports-no-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts|demo)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'every package that is imported is named in package.json',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-packages-in-production',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts)/|^(jest\\.config\\.js|eslint\\.config\\.mjs)$|^platform/temporal-binary\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|\\.drydock|coverage|images)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
