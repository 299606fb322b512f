import type { Clock } from '../../../base/clock.js';
import type { NodeFiles } from '../../../host/node-files.js';
import type { Node } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import type { RuntimeWatch } from '../pods/runtime-watch.js';
import type { TerminationMessages } from '../pods/termination-messages.js';
import type { ContainerRuntime } from '../runtime/container-runtime.js';
import { collectGarbage, removeEnded } from './containers.js';
import type { ImageUpkeep } from './images.js';
import { type LogLimits, rotateLogs } from './logs.js';

/** What the upkeep of a node works with. */
export interface NodeUpkeepParts {
  readonly runtime: ContainerRuntime;
  readonly files: NodeFiles;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly watch: RuntimeWatch;
  readonly messages: TerminationMessages;
  readonly images: ImageUpkeep;
  readonly limits: LogLimits;
  /** Null: not registered yet. */
  readonly node: () => Node | null;
}

/** Takes away what a node has no more use for. Rejects with RuntimeError, or the operating system's error. */
export class NodeUpkeep {
  readonly #parts: NodeUpkeepParts;

  constructor(parts: NodeUpkeepParts) {
    this.#parts = parts;
  }

  /** Containers that have ended, but for the last of each. */
  async collectContainers(): Promise<void> {
    await collectGarbage(this.#parts.watch.pods.values(), this.#parts);
  }

  /**
   * The containers of these pods, which are over and whose statuses say how they ended: what they have written to the disk goes with them,
   * and need not wait until somebody deletes the pods. Resolves with how many there were.
   */
  async collectEnded(uids: Iterable<string>): Promise<number> {
    const { watch } = this.#parts;
    const pods = [...uids].flatMap((uid) => watch.pods.get(uid) ?? []);
    const removed = await removeEnded(pods, this.#parts);
    if (removed > 0) await watch.refresh();
    return removed;
  }

  async rotateLogs(): Promise<void> {
    const { files, runtime, clock, limits } = this.#parts;
    await rotateLogs(this.#containers(), { files, runtime, limits, nowMs: clock.wallTime() });
  }

  /** Images that nobody uses, when their disk is full. */
  async collectImages(): Promise<void> {
    const { runtime, files, clock, events, images, node } = this.#parts;
    const { path } = await runtime.imageFileSystem();
    const space = await files.spaceOf(path);
    const missing = await images.collect(space, this.#containers(), clock.wallTime());
    const registered = node();
    if (missing === 0 || registered === null) return;
    const text = `Failed to garbage collect required amount of images. Attempted to free ${missing} bytes more, but found no more images that can be removed.`;
    const about = { ...registered, apiVersion: 'v1', kind: 'Node' };
    events.event(about, 'Warning', 'FreeDiskSpaceFailed', text);
  }

  #containers() {
    return [...this.#parts.watch.pods.values()].flatMap(({ containers }) => containers);
  }
}
