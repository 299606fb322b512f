import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { ConfigReloader } from '../../base/config-reloader.js';
import type { Logger } from '../../base/logger.js';
import {
  type ReloadedConfig,
  ReloadMetrics,
} from '../../control/apiserver/configuration/reload-metrics.js';
import { hostLogFiles } from '../../host/log-files.js';
import { readTextFile } from '../../host/text-file.js';

/** A configuration file whose changes are taken over. */
export interface FollowedFile {
  readonly metrics: ReloadMetrics;
  /** Follows the file until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Follows a file. `text` is what is in use already; `apply` takes a new one over, and rejects when it cannot be used: what was before
 * goes on then.
 */
export function followFile(options: {
  readonly config: ReloadedConfig;
  readonly path: string;
  readonly text: string;
  readonly apply: (text: string) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}): FollowedFile {
  const { config, path, text, clock, logger } = options;
  const metrics = new ReloadMetrics(config, clock);
  metrics.onConfig(text);
  const reloader = new ConfigReloader(text, {
    ...{ clock, logger, observer: metrics },
    what: `${config} configuration`,
    read: () => readTextFile(path),
    async apply(changed) {
      await options.apply(changed);
      metrics.onConfig(changed);
    },
    // The folder: files are replaced by renaming others over them, and mounted ones change with a link beside them.
    watch: (onChange) => hostLogFiles.watchFolder(dirname(path), onChange),
  });
  return { metrics, run: (signal) => reloader.run(signal) };
}
