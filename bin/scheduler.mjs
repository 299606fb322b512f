// `flotilla/scheduler`: what the scheduler of this process runs on, which its plugins must share with it; elsewhere the modules.
import bundles from './bundle.cjs';

const library =
  bundles.loaded.get('scheduler') ?? (await import('../dist/src/control/scheduler/index.js'));
export const {
  ConfigurationError,
  CycleState,
  defaultConfiguration,
  NodeState,
  parseConfiguration,
  podInfoOf,
  Scheduler,
  skip,
} = library;
