import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { ConfigReloader } from '../../base/config-reloader.js';
import type { Logger } from '../../base/logger.js';
import { hostLogFiles } from '../../host/log-files.js';
import { readTextFile } from '../../host/text-file.js';

/** Some small files that are of use together, such as a certificate and its key. */
export interface FollowedFiles {
  /** Ends when what is under way has ended. */
  close(): Promise<void>;
}

/** The text of files, one after the other, to tell whether one of them has changed. Rejects when one cannot be read. */
export async function readAll(paths: readonly string[]): Promise<string> {
  return (await Promise.all(paths.map(readTextFile))).join('\0');
}

/**
 * Calls `apply` when one of the files has changed: soon after the file system tells of it, within a minute where it does not. `text` is
 * what {@link readAll} gave before the files were taken into use. `apply` rejects when they cannot be used, as when only one of a pair
 * is there yet: what was before goes on, the log says why, and it is tried again.
 */
export function followFiles(options: {
  /** What the log calls them. */
  readonly what: string;
  readonly paths: readonly string[];
  readonly text: string;
  readonly apply: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}): FollowedFiles {
  const { what, paths, text, apply, clock, logger } = options;
  const stopped = new AbortController();
  const reloader = new ConfigReloader(text, {
    ...{ what, clock, logger, apply, observer: { onReload: () => {} } },
    read: () => readAll(paths),
    // The folders: files are replaced by renaming others over them, and mounted ones change with a link beside them.
    watch: (onChange) => {
      const folders = [...new Set(paths.map((path) => dirname(path)))];
      const watchers = folders.map((folder) => hostLogFiles.watchFolder(folder, onChange));
      return { close: () => watchers.forEach((watcher) => void watcher.close()) };
    },
  });
  const done = reloader.run(stopped.signal);
  return {
    async close() {
      stopped.abort();
      await done;
    },
  };
}
