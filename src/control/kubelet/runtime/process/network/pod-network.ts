import type { SandboxConfig } from '../../container-runtime.js';
import type { NetworkKind } from '../container-record.js';

/** A sandbox to connect. */
export interface NetworkPlace {
  readonly id: string;
  /** The file that its network namespace is bound to. */
  readonly netns: string;
  readonly config: SandboxConfig;
}

/** How it was connected. */
export interface NetworkConnection {
  readonly kind: NetworkKind;
  /** The first is the pod's. */
  readonly ips: readonly string[];
}

/** Gives pods their addresses. */
export interface PodNetwork {
  /** Rejects with RuntimeError, and has left nothing behind then. */
  connect(place: NetworkPlace): Promise<NetworkConnection>;
  /** Gives back what was given. `netns` is null when it has not survived a reboot. */
  disconnect(
    place: Omit<NetworkPlace, 'netns'> & {
      readonly netns: string | null;
      readonly kind: NetworkKind;
    },
  ): Promise<void>;
  /** What is wrong or missing, as a condition. */
  condition(): Promise<{
    readonly status: boolean;
    readonly reason: string;
    readonly message: string;
  }>;
  updatePodCidr(cidr: string): void;
}
