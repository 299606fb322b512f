import type { Logger, LogLevel } from '../../base/logger.js';
import { KubeconfigError } from '../../control/client/index.js';
import { createLogger, fileDestination, writeLastLine } from '../../host/log-sink.js';
import { UsageError } from '../usage-error.js';
import { flotillaVersion } from '../version.js';
import { type Flag, flagsHelp, type ParsedFlags, parseFlags } from './flags.js';

/** A program of the control plane: what it is called, its flags, and what it does. */
export interface Program {
  /** `controller-manager`. */
  readonly name: string;
  /** One sentence for its help. */
  readonly intro: string;
  readonly flags: readonly Flag[];
  /** Works until the signal aborts. Rejects with UsageError or KubeconfigError for what the user is to change. */
  run(
    flags: ParsedFlags,
    options: { readonly logger: Logger; readonly signal: AbortSignal },
  ): Promise<void>;
}

const stderrFd = 2;
const exitCodeUsage = 2;
const exitCodeFailure = 1;
const levels: readonly string[] = ['debug', 'info', 'warn', 'error'];
const verbosityOfDebug = 4;

/** Runs a program until SIGTERM or SIGINT, and exits: 0 when it was told to stop, 2 for wrong flags, 1 for all else. */
export async function runProgram(program: Program, argv: readonly string[]): Promise<void> {
  const called = `flotilla ${program.name}`;
  if (argv.some((word) => /^--?(help|h)$/.test(word))) {
    process.stdout.write(flagsHelp(called, program.intro, program.flags));
    return;
  }
  if (argv.some((word) => /^--?version(=true)?$/.test(word))) {
    process.stdout.write(
      `Flotilla Version: ${flotillaVersion}\nNode Version: ${process.version}\n`,
    );
    return;
  }
  try {
    const flags = parseFlags(called, program.flags, argv);
    const logger = loggerOf(flags);
    warnOfIgnored(program, flags, logger);
    await program.run(flags, { logger, signal: untilSignalled() });
    logger.info('stopped');
    process.exit(0);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    writeLastLine(stderrFd, `${called}: ${text}`);
    const isUsage = error instanceof UsageError || error instanceof KubeconfigError;
    process.exit(isUsage ? exitCodeUsage : exitCodeFailure);
  }
}

function loggerOf(flags: ParsedFlags): Logger {
  const level = flags.text('log-level');
  if (!levels.includes(level)) {
    throw new UsageError(`--log-level: give one of ${levels.join(', ')}`);
  }
  const isVerbose = Number(flags.text('v')) >= verbosityOfDebug;
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', (reason) =>
    onBug(reason instanceof Error ? reason : new Error(String(reason))),
  );
  return createLogger({
    level: isVerbose ? 'debug' : (level as LogLevel),
    format: flags.text('logging-format') === 'text' ? 'text' : 'json',
    destination: fileDestination(stderrFd),
  });
}

/** A program that finds its own state broken stops. */
function onBug(error: Error): void {
  const ts = new Date().toISOString();
  writeLastLine(
    stderrFd,
    JSON.stringify({ level: 'fatal', ts, msg: 'stopping', error: error.stack }),
  );
  process.exit(exitCodeFailure);
}

function warnOfIgnored(program: Program, flags: ParsedFlags, logger: Logger): void {
  const ignored = program.flags
    .filter(({ name, effect }) => effect === 'ignored' && flags.given.has(name))
    .map(({ name }) => name);
  if (ignored.length === 0) return;
  logger.warn('flags without effect here were given', { flags: ignored });
}

/** Aborted by the first signal; the second ends the process at once. */
function untilSignalled(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCodeFailure);
      stop.abort(new Error(`told to stop by ${signal}`));
    });
  }
  return stop.signal;
}
