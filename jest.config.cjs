// Everything but the package test, which has a configuration of its own (test/package).
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.{ts,tsx}'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/package/', '<rootDir>/test/types/'],
  modulePathIgnorePatterns: [
    '<rootDir>/build/',
    '<rootDir>/dist/',
    '<rootDir>/test/package/bundlers/',
    '<rootDir>/test/package/runtimes/',
    '<rootDir>/test/react/react-18/node_modules/',
  ],
  // lib/react imports the package by its name, to share it with the program: here that is the source.
  moduleNameMapper: { '^hawser$': '<rootDir>/lib', '^hawser/testing$': '<rootDir>/lib/testing' },
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
    // The parts of the demo that its tests load.
    '\\.mjs$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'ecmascript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // A test that hangs names what it waits for long before, see DEADLINE in test/support/waiters.ts.
  testTimeout: 300_000,
}
