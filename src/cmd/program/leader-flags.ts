import { hostname } from 'node:os';
import { UsageError } from '../usage-error.js';
import { usedFlags } from './flag-rows.js';
import type { Flag, ParsedFlags } from './flags.js';

/** The flags of leader election, as Kubernetes' components have them. `name` is the component's. */
export function leaderFlags(name: string): readonly Flag[] {
  return usedFlags([
    ['leader-elect', 'boolean', 'true', 'Work only while leading; the others stand by.'],
    [
      'leader-elect-lease-duration',
      'duration',
      '15s',
      'How long a leader that is not heard of keeps others from leading (whole seconds).',
    ],
    [
      'leader-elect-renew-deadline',
      'duration',
      '10s',
      'How long a leader goes on without having renewed.',
    ],
    ['leader-elect-retry-period', 'duration', '2s', 'Between renewals, and between attempts.'],
    ['leader-elect-resource-lock', 'string', 'leases', 'What the lock is: leases.'],
    ['leader-elect-resource-name', 'string', name, 'The name of the election and its Lease.'],
    [
      'leader-elect-resource-namespace',
      'string',
      'kube-system',
      'The namespace of the election and its Lease.',
    ],
  ]);
}

/** How a program is elected. */
export interface LeaderSettings {
  readonly name: string;
  readonly namespace: string;
  readonly leaseSeconds: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  /** Tells this process from all others. */
  readonly identity: string;
}

/** client-go's: what is between a renewal and the next is up to so much longer than the retry period. */
const jitter = 1.2;

/** Reads them; null: no election. `unique` is random text. Throws {@link UsageError} for what client-go refuses, in its words. */
export function leaderSettings(flags: ParsedFlags, unique: string): LeaderSettings | null {
  if (!flags.isTrue('leader-elect')) return null;
  const leaseMs = flags.durationMs('leader-elect-lease-duration');
  const renewDeadlineMs = flags.durationMs('leader-elect-renew-deadline');
  const retryMs = flags.durationMs('leader-elect-retry-period');
  const lock = flags.text('leader-elect-resource-lock');
  if (lock !== 'leases') {
    throw new UsageError(
      `--leader-elect-resource-lock: ${JSON.stringify(lock)} is not supported; use leases`,
    );
  }
  if (leaseMs < 1000 || leaseMs % 1000 !== 0) {
    throw new UsageError('--leader-elect-lease-duration: give whole seconds, at least 1s');
  }
  if (leaseMs <= renewDeadlineMs) {
    throw new UsageError('leaseDuration must be greater than renewDeadline');
  }
  if (retryMs <= 0) throw new UsageError('retryPeriod must be greater than zero');
  if (renewDeadlineMs <= retryMs * jitter) {
    throw new UsageError('renewDeadline must be greater than retryPeriod*JitterFactor');
  }
  const name = flags.text('leader-elect-resource-name');
  const namespace = flags.text('leader-elect-resource-namespace');
  if (name === '' || namespace === '') {
    throw new UsageError(
      '--leader-elect-resource-name and --leader-elect-resource-namespace need a value',
    );
  }
  const identity = `${hostname()}_${unique}`;
  return { name, namespace, leaseSeconds: leaseMs / 1000, renewDeadlineMs, retryMs, identity };
}
