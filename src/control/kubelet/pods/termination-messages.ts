import type { NodeFiles } from '../../../host/node-files.js';
import type { PodPaths } from '../container/pod-paths.js';
import type { ContainerState } from '../runtime/container-runtime.js';
import type { ObservedPod } from './observed-pod.js';
import { notesOf } from './runtime-labels.js';

const messageBytesMax = 4096;
const logBytesMax = 2048;
const logLinesMax = 80;

/** What containers said as they ended: in the file that they were given for it, or at the end of their log. By container id. */
export class TerminationMessages {
  readonly #files: NodeFiles;
  readonly #paths: PodPaths;
  readonly #texts = new Map<string, string>();

  constructor(files: NodeFiles, paths: PodPaths) {
    this.#files = files;
    this.#paths = paths;
  }

  /** Those of a pod's containers that have ended. */
  async of(observed: ObservedPod): Promise<ReadonlyMap<string, string>> {
    const texts = new Map<string, string>();
    for (const state of observed.containers) {
      if (state.state !== 'exited') continue;
      const known = this.#texts.get(state.id) ?? (await this.#read(observed.uid, state));
      this.#texts.set(state.id, known);
      texts.set(state.id, known);
    }
    return texts;
  }

  /** A container was removed. */
  forget(containerId: string): void {
    this.#texts.delete(containerId);
  }

  async #read(uid: string, state: ContainerState): Promise<string> {
    const { messagePolicy, messagePath } = notesOf(state.annotations);
    const path = this.#paths.terminationLog(uid, state.name, state.attempt);
    const file = messagePath === '' ? null : await this.#files.readTail(path, messageBytesMax);
    const text = Buffer.from(file ?? []).toString('utf8');
    const isFallback = messagePolicy === 'FallbackToLogsOnError' && state.exitCode !== 0;
    if (text !== '' || !isFallback) return text === '' ? state.message : text;
    const log = await this.#files.readTail(state.logPath, 2 * logBytesMax);
    return lastLines(Buffer.from(log ?? []).toString('utf8'));
  }
}

/** What is said in the last lines of a log in CRI's format. */
function lastLines(log: string): string {
  const lines = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => /^\S+ (?:stdout|stderr) (\S+) ?(.*)$/.exec(line))
    .filter((match) => match !== null)
    .slice(-logLinesMax)
    .map(([, tag, text = '']) => (tag?.startsWith('F') === true ? `${text}\n` : text));
  return lines.join('').slice(-logBytesMax);
}
