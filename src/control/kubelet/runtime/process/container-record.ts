import type { ContainerConfig, SandboxConfig } from '../container-runtime.js';
import type { RunIdentity } from './run-identity.js';

/** A sandbox at rest: `sandbox.json` of its directory. */
export interface SandboxRecord {
  readonly id: string;
  readonly config: SandboxConfig;
  readonly createdAtMs: number;
  /** Of the boot that its namespaces belong to. */
  readonly bootId: string;
  readonly ips: readonly string[];
  /** Whether it has namespaces of its own, or its containers are the host's processes. */
  readonly isIsolated: boolean;
  readonly isStopped: boolean;
  /** Which way its network was made, to be undone the same way. */
  readonly network: NetworkKind;
  /** Of the process that holds the shared process namespace; null without one. */
  readonly initPid: number | null;
}

/** How a sandbox is connected. */
export type NetworkKind = 'host' | 'cni' | 'bridge' | 'loopback';

/** A container at rest: `container.json` of its directory. */
export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly createdAtMs: number;
  readonly bootId: string;
  /** Absolute. */
  readonly logPath: string;
  /** What it runs: image and configuration put together. */
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly stopSignal: string;
  readonly identity: RunIdentity;
  readonly isIsolated: boolean;
  /** The unpacked image; `/` is the host's own files. */
  readonly rootfs: string;
  /** Absolute directories, one per hierarchy; none where control groups cannot be written. */
  readonly cgroups: readonly string[];
}
