import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { AuditLog, type AuditSink } from '../../control/apiserver/audit/audit-log.js';
import type { AuditMetrics } from '../../control/apiserver/audit/audit-metrics.js';
import { AuditPolicy, AuditPolicyError } from '../../control/apiserver/audit/audit-policy.js';
import { type AuditHook, noAudit } from '../../control/apiserver/filters/audit.js';
import { fileDestination } from '../../host/log-sink.js';
import { RotatingFile } from '../../host/rotating-file.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

const stdoutFd = 1;
const mebibyte = 1024 * 1024;

/** The audit log that the flags ask for; it takes both a policy and a place to write to. Throws UsageError. */
export async function openAudit(
  flags: ParsedFlags,
  clock: Clock,
  logger: Logger,
  metrics: AuditMetrics,
): Promise<AuditHook> {
  const policyPath = flags.text('audit-policy-file');
  const logPath = flags.text('audit-log-path');
  if (policyPath === '' || logPath === '') return noAudit;
  const policy = parsePolicy(await readTextFile(policyPath), policyPath);
  return new AuditLog(policy, sinkOf(flags, logPath, logger), { clock, metrics });
}

function parsePolicy(text: string, path: string): AuditPolicy {
  try {
    return AuditPolicy.parse(text);
  } catch (error) {
    if (!(error instanceof AuditPolicyError)) throw error;
    throw new UsageError(`--audit-policy-file ${path}: ${error.message}`, { cause: error });
  }
}

function sinkOf(flags: ParsedFlags, path: string, logger: Logger): AuditSink {
  if (path === '-') {
    const stdout = fileDestination(stdoutFd);
    return { write: (line) => void stdout.write(`${line}\n`) };
  }
  const options = {
    bytesMax: flags.number('audit-log-maxsize') * mebibyte,
    backupsMax: flags.number('audit-log-maxbackup'),
    daysMax: flags.number('audit-log-maxage'),
  };
  return new RotatingFile(path, options, (error) => {
    logger.error('the audit log cannot be written', { path, error: String(error) });
  });
}
