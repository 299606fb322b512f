// `flotilla/testing`: from the bundle of `flotilla testenv`, which starts in half the time; else from its modules.
import bundles from './bundle.cjs';

const program = bundles.loadBundle('testenv') ?? (await import('../dist/src/cmd/testenv/index.js'));
export const { startTestEnv } = program;
