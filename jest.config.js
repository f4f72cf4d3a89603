/** Two projects: `unit` starts no server; `real` runs against real servers, one file after another (scripts/test.mjs). */
const everything = process.env.DRYDOCK_TEST_ALL === '1';

const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  modulePathIgnorePatterns: ['<rootDir>/.drydock/'],
};

module.exports = {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...common,
      displayName: 'real',
      testMatch: ['<rootDir>/test/real/**/*.test.ts'],
      // Files that end in .all.test.ts run only in `npm run test:all`: versions and variants beyond the usual ones.
      testPathIgnorePatterns: ['/node_modules/', ...(everything ? [] : ['\\.all\\.test\\.ts$'])],
      globalSetup: '<rootDir>/test/real/global-setup.ts',
      setupFilesAfterEnv: ['<rootDir>/test/real/setup.ts'],
    },
  ],
};
