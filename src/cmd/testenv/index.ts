/** A control plane for tests: `import { startTestEnv } from 'flotilla/testing'`. */
export { startTestEnv, type TestEnv, type TestEnvOptions } from './start-test-env.js';
