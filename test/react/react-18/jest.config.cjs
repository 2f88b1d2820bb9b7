// The tests of hawser/react with React 18: its copy in this folder takes the place of the root's.
const base = require('../../../jest.config.cjs')

module.exports = {
  ...base,
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/react/*.test.tsx'],
  modulePathIgnorePatterns: base.modulePathIgnorePatterns.filter((pattern) => !pattern.includes('react-18')),
  moduleNameMapper: {
    ...base.moduleNameMapper,
    '^react$': '<rootDir>/test/react/react-18/node_modules/react',
    '^react/(.*)$': '<rootDir>/test/react/react-18/node_modules/react/$1',
    '^react-dom$': '<rootDir>/test/react/react-18/node_modules/react-dom',
    '^react-dom/(.*)$': '<rootDir>/test/react/react-18/node_modules/react-dom/$1',
  },
}
