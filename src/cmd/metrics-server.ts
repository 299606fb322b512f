import { metricsServerFlags } from './metrics-server/flags.js';
import { runMetricsServer } from './metrics-server/run.js';
import { runProgram } from './program/run-program.js';

/** `flotilla metrics-server`: the metrics API, fed by kubelets. */
export function main(argv: readonly string[]): Promise<void> {
  return runProgram(
    {
      name: 'metrics-server',
      intro:
        'Serves metrics.k8s.io behind an API server: what nodes and pods use, by their kubelets.',
      flags: metricsServerFlags,
      run: runMetricsServer,
    },
    argv,
  );
}
