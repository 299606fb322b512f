import { join } from 'node:path';

/** Where the process runtime keeps what it must find again: one directory per sandbox and per container. */
export class RuntimePaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The programs that are run inside of containers' root file systems. */
  get tools(): string {
    return join(this.root, 'tools');
  }

  get images(): string {
    return join(this.root, 'images');
  }

  get sandboxes(): string {
    return join(this.root, 'sandboxes');
  }

  get containers(): string {
    return join(this.root, 'containers');
  }

  /** An empty file per container, touched when it ends. */
  get endings(): string {
    return join(this.root, 'endings');
  }

  /** Where the log keeper listens. */
  get logKeeperSocket(): string {
    return join(this.root, 'logs.sock');
  }

  sandbox(id: string): string {
    return join(this.sandboxes, id);
  }

  container(id: string): string {
    return join(this.containers, id);
  }
}
