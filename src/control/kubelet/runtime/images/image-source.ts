import type { ImageAuth, ImageState } from '../container-runtime.js';

/** What an image says of the containers that are made of it. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly workingDir: string;
  /** `user`, `uid`, `user:group`; '' is the superuser. */
  readonly user: string;
  readonly stopSignal: string;
}

/** An image as the process runtime runs it. */
export interface UnpackedImage {
  /** What `imageRef` names it by. */
  readonly ref: string;
  /** A directory that nobody writes to; `/` is the host's own files. */
  readonly rootfs: string;
  readonly defaults: ImageDefaults;
}

/** Where the process runtime has its images from. Everything rejects with RuntimeError. */
export interface ImageSource {
  list(): Promise<readonly ImageState[]>;
  status(image: string): Promise<ImageState | null>;
  /** Resolves with the reference. */
  pull(image: string, auth: ImageAuth | null): Promise<string>;
  remove(ref: string): Promise<void>;
  /** By reference; null when it is not here. */
  unpacked(ref: string): Promise<UnpackedImage | null>;
  fileSystem(): Promise<{
    readonly path: string;
    readonly usedBytes: number;
    readonly usedInodes: number;
  }>;
}
