import type { Logger } from '../../../base/logger.js';
import type { NodeFiles } from '../../../host/node-files.js';
import {
  hostPathFolders,
  hostPathRemovalPrefix,
  isHostPathOf,
} from '../../api/core-v1/host-path-cleaning.js';
import type { Node } from '../../api/gen/core-v1.js';
import { type ControlClient, resources } from '../../client/index.js';
import { isOperating } from '../operating-error.js';

/** What it works with. */
export interface HostPathFoldersParts {
  readonly client: ControlClient;
  readonly files: NodeFiles;
  readonly logger: Logger;
  /** Nothing outside of these is ever removed. */
  readonly folders: readonly string[];
}

/** Removes folders of deleted volumes, as annotations of the node ask for it, and says so by taking those away. */
export class HostPathFolders {
  readonly #parts: HostPathFoldersParts;
  #work: Promise<void> = Promise.resolve();

  constructor(parts: HostPathFoldersParts) {
    this.#parts = parts;
  }

  /** The node is there, or has changed. What fails is tried again with its next change. */
  look(node: Node): void {
    this.#work = this.#work.then(() => this.#tend(node));
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#work;
  }

  async #tend({ metadata }: Node): Promise<void> {
    const { annotations = {}, name = '' } = metadata;
    const { folders, logger } = this.#parts;
    const changes: Record<string, string | null> = {};
    const offered = folders.join(',');
    if ((annotations[hostPathFolders] ?? '') !== offered) {
      changes[hostPathFolders] = offered === '' ? null : offered;
    }
    try {
      for (const [key, path] of Object.entries(annotations)) {
        if (!key.startsWith(hostPathRemovalPrefix)) continue;
        await this.#remove(key.slice(hostPathRemovalPrefix.length), path);
        changes[key] = null;
      }
      if (Object.keys(changes).length === 0) return;
      const nodes = this.#parts.client.objects(resources.nodes);
      await nodes.patch({ name }, 'merge', { metadata: { annotations: changes } });
    } catch (error) {
      if (!isOperating(error)) throw error;
      const text = error instanceof Error ? error.message : String(error);
      logger.warn('folders of deleted volumes are not removed yet', { error: text });
    }
  }

  async #remove(volume: string, path: string): Promise<void> {
    const { files, folders, logger } = this.#parts;
    if (!isHostPathOf(volume, path, folders)) {
      logger.warn('a folder that is none of a host-path volume is left', { volume, path });
      return;
    }
    await files.remove(path);
    logger.info('the folder of a deleted volume is removed', { volume, path });
  }
}
