import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { AuditBackend, OnAuditLoss } from '../../control/apiserver/audit/audit-backend.js';
import { legacyLine } from '../../control/apiserver/audit/audit-entry.js';
import { AuditLog, type AuditTarget } from '../../control/apiserver/audit/audit-log.js';
import type { AuditMetrics } from '../../control/apiserver/audit/audit-metrics.js';
import { AuditPolicy, AuditPolicyError } from '../../control/apiserver/audit/audit-policy.js';
import { BatchingBackend } from '../../control/apiserver/audit/batching-backend.js';
import { type LineFile, LogBackend } from '../../control/apiserver/audit/log-backend.js';
import { TruncatingBackend } from '../../control/apiserver/audit/truncating-backend.js';
import { WebhookBackend } from '../../control/apiserver/audit/webhook-backend.js';
import { webhookSender } from '../../control/apiserver/authentication/webhook-kubeconfig.js';
import { type AuditHook, noAudit } from '../../control/apiserver/filters/audit.js';
import { fileDestination } from '../../host/log-sink.js';
import { RotatingFile } from '../../host/rotating-file.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClient } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';
import { readWebhookTarget } from './webhook-reviewer.js';

const stdoutFd = 1;
const mebibyte = 1024 * 1024;
/** Batches on their way to a webhook at a time: further events wait in the buffer. */
const webhookBatchesMax = 16;
const modes = ['batch', 'blocking', 'blocking-strict'] as const;

/** What an audit log is made with. */
export interface AuditInputs {
  readonly flags: ParsedFlags;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly web: WebClient;
  readonly metrics: AuditMetrics;
}

/** The audit log that the flags ask for; it takes both a policy and a place to write to. Throws UsageError. */
export async function openAudit(inputs: AuditInputs): Promise<AuditHook> {
  const { flags, clock, metrics } = inputs;
  const policyPath = flags.text('audit-policy-file');
  const targets = [openLog(inputs), await openWebhook(inputs)].filter((each) => each !== null);
  if (targets.length === 0) return noAudit;
  const policy = parsePolicy(await readTextFile(policyPath), policyPath);
  return new AuditLog(policy, targets, { clock, metrics });
}

function parsePolicy(text: string, path: string): AuditPolicy {
  try {
    return AuditPolicy.parse(text);
  } catch (error) {
    if (!(error instanceof AuditPolicyError)) throw error;
    throw new UsageError(`--audit-policy-file ${path}: ${error.message}`, { cause: error });
  }
}

function openLog(inputs: AuditInputs): AuditTarget | null {
  const { flags, logger } = inputs;
  const path = flags.text('audit-log-path');
  const format = flags.text('audit-log-format');
  if (format !== 'json' && format !== 'legacy')
    throw new UsageError(
      `invalid audit log format ${format}, allowed formats are ["legacy" "json"]`,
    );
  const { isStrict, wrap } = targetOf('log', inputs, 1);
  if (path === '' || !hasPolicy(flags)) return null;
  const lineOf = format === 'legacy' ? legacyLine : ({ json }: { readonly json: string }) => json;
  const file = path === '-' ? stdoutFile() : openFile(flags, path, logger);
  return { backend: wrap(new LogBackend(file, { lineOf, isStrict })), isStrict };
}

/** Without one nothing is noted. */
function hasPolicy(flags: ParsedFlags): boolean {
  return flags.text('audit-policy-file') !== '';
}

function stdoutFile(): LineFile {
  const stdout = fileDestination(stdoutFd);
  return { write: (line) => void stdout.write(`${line}\n`), flush: () => true };
}

function openFile(flags: ParsedFlags, path: string, logger: Logger): LineFile {
  const options = {
    bytesMax: flags.number('audit-log-maxsize') * mebibyte,
    backupsMax: flags.number('audit-log-maxbackup'),
    daysMax: flags.number('audit-log-maxage'),
    isCompressed: flags.isTrue('audit-log-compress'),
  };
  return new RotatingFile(path, options, (error) => {
    logger.error('the audit log cannot be written', { path, error: String(error) });
  });
}

async function openWebhook(inputs: AuditInputs): Promise<AuditTarget | null> {
  const { flags, clock, prng, web } = inputs;
  const { isStrict, wrap } = targetOf('webhook', inputs, webhookBatchesMax);
  const path = flags.text('audit-webhook-config-file');
  if (path === '' || !hasPolicy(flags)) return null;
  const target = await readWebhookTarget(path, '--audit-webhook-config-file');
  const older = 'audit-webhook-batch-initial-backoff';
  const backend = new WebhookBackend({
    send: webhookSender(web, target),
    initialBackoffMs: flags.durationMs(
      flags.given.has(older) ? older : 'audit-webhook-initial-backoff',
    ),
    ...{ clock, prng, onLoss: lossesOf(inputs) },
  });
  return { backend: wrap(backend), isStrict };
}

/** How events go to one of the two, by its flags. Throws UsageError with Kubernetes' texts. */
function targetOf(
  name: 'log' | 'webhook',
  inputs: AuditInputs,
  underWayMax: number,
): { readonly isStrict: boolean; readonly wrap: (backend: AuditBackend) => AuditBackend } {
  const { flags, clock } = inputs;
  const onLoss = lossesOf(inputs);
  const flag = (rest: string) => `audit-${name}-${rest}`;
  const given = flags.text(flag('mode'));
  const mode = modes.find((each) => each === given);
  if (mode === undefined)
    throw new UsageError(
      `invalid audit ${name} mode ${given}, allowed modes are ${JSON.stringify(modes.join(','))}`,
    );
  const version = flags.text(flag('version'));
  if (version !== 'audit.k8s.io/v1')
    throw new UsageError(`--${flag('version')}: ${version} is not spoken; give audit.k8s.io/v1`);
  const batch = mode === 'batch' ? batchOptions(name, flags) : null;
  const truncation = flags.isTrue(flag('truncate-enabled')) ? truncationOptions(name, flags) : null;
  return {
    isStrict: mode === 'blocking-strict',
    wrap(backend) {
      const batched =
        batch === null
          ? backend
          : new BatchingBackend(backend, { ...batch, underWayMax }, clock, onLoss);
      return truncation === null ? batched : new TruncatingBackend(batched, truncation, onLoss);
    },
  };
}

function batchOptions(name: string, flags: ParsedFlags) {
  const flag = (rest: string) => `audit-${name}-batch-${rest}`;
  const positive = (rest: string, what: string) => {
    const value = flags.number(flag(rest));
    if (value > 0) return value;
    throw new UsageError(`invalid audit batch ${name} ${what} ${value}, must be a positive number`);
  };
  return {
    eventsMax: positive('buffer-size', 'buffer size'),
    batchMax: positive('max-size', 'max batch size'),
    waitMs: flags.durationMs(flag('max-wait')),
    throttle: flags.isTrue(flag('throttle-enable'))
      ? {
          perSecond: positive('throttle-qps', 'throttle QPS'),
          burst: positive('throttle-burst', 'throttle burst'),
        }
      : null,
  };
}

function truncationOptions(name: string, flags: ParsedFlags) {
  const eventBytesMax = flags.number(`audit-${name}-truncate-max-event-size`);
  const batchBytesMax = flags.number(`audit-${name}-truncate-max-batch-size`);
  if (eventBytesMax <= 0)
    throw new UsageError(
      `invalid audit truncate ${name} max event size ${eventBytesMax}, must be a positive number`,
    );
  if (batchBytesMax < eventBytesMax)
    throw new UsageError(
      `invalid audit truncate ${name} max batch size ${batchBytesMax}, must be greater than max event size (${eventBytesMax})`,
    );
  return { eventBytesMax, batchBytesMax };
}

function lossesOf({ metrics, logger }: AuditInputs): OnAuditLoss {
  return (plugin, count, error) => {
    metrics.onLoss(plugin, count);
    logger.error('events are missing in the audit log', { plugin, count, error: String(error) });
  };
}
