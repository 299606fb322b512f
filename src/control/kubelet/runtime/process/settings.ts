import type { Clock } from '../../../../base/clock.js';
import type { Logger } from '../../../../base/logger.js';

/** What the process runtime is given. */
export interface ProcessRuntimeSettings {
  /** Absolute: where sandboxes, containers, images and tools are kept. Short, since a socket's path has room for 107 bytes. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Random hexadecimal ids. */
  readonly newId: () => string;
  /** Starts the log keeper of a directory: its program and arguments, without the directory. */
  readonly logKeeperCommand: readonly string[];
  /** Whether to use namespaces: by whether there are the privileges. `never` for tests and for machines that forbid them. */
  readonly isolation: 'when-possible' | 'never';
}
